//! Settings: Spin variables, read when they are needed, so that a dynamic provider may change them.

use messaging_core::auth::Caller;
use messaging_core::idempotency;
use messaging_core::problem::Problem;
use messaging_core::rate_limit::{Class, Limits, Quotas, UPLOAD_QUOTA, UPLOAD_QUOTA_DEFAULT, UploadQuotas};
use spin_sdk::variables::{self, Error};

/// A setting, or `None` when it is not set or empty. A provider that does not respond is no reason to go on without the
/// setting: the request fails.
pub async fn optional(name: &str) -> Result<Option<String>, Problem> {
    match variables::get(name).await {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(Error::Undefined(_)) => Ok(None),
        Err(e) => Err(Problem::unavailable(format!("the setting {name}: {e}"))),
    }
}

/// A setting that has to be there. Without it the problem is a 503, as for any other part that is missing, and the log
/// says which one it is: an event that comes meanwhile is sent again later.
pub async fn required(name: &str) -> Result<String, Problem> {
    optional(name).await?.ok_or_else(|| Problem::unavailable(format!("the setting {name} is not set")))
}

/// The fingerprint of a request, made with the secret that every component that writes has.
pub async fn fingerprint(parts: &[&str]) -> Result<String, Problem> {
    idempotency::fingerprint(&required("matrix_gateway_secret").await?, parts)
}

/// What limits an act of this caller. A setting that cannot be read is no reason to go on without limits: the request fails.
pub async fn limits(class: Class, caller: &Caller) -> Result<Option<Limits>, Problem> {
    let name = class.setting();
    let quotas = match variables::get(name).await {
        Ok(setting) => Quotas::parse(&setting),
        Err(Error::Undefined(_)) => Quotas::parse(class.default_setting()),
        Err(e) => Err(e.to_string()),
    };
    let quotas = quotas.map_err(|e| Problem::unavailable(format!("the setting {name}: {e}")))?;
    Ok(quotas.limits(class, caller.id()))
}

/// What limits an upload of this caller: how many, and how many bytes.
pub async fn upload_limits(caller: &Caller) -> Result<Option<Limits>, Problem> {
    let limits = limits(Class::Upload, caller).await?;
    let quotas = match variables::get(UPLOAD_QUOTA).await {
        Ok(setting) => UploadQuotas::parse(&setting),
        Err(Error::Undefined(_)) => UploadQuotas::parse(UPLOAD_QUOTA_DEFAULT),
        Err(e) => Err(e.to_string()),
    };
    let quotas = quotas.map_err(|e| Problem::unavailable(format!("the setting {UPLOAD_QUOTA}: {e}")))?;
    Ok(quotas.limit(limits, caller.id()))
}
