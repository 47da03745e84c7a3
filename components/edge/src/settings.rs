//! Settings: Spin variables, read when they are needed and again after some seconds, so that a dynamic provider may change
//! them.

use messaging_core::auth::Caller;
use messaging_core::idempotency;
use messaging_core::problem::Problem;
use messaging_core::rate_limit::{Class, Limits, Quotas, UPLOAD_QUOTA, UPLOAD_QUOTA_DEFAULT, UploadQuotas};
use spin_sdk::variables::{self, Error};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an instance uses a value before it asks the provider again. A request reads up to twenty of them, and a provider
/// may be on another machine.
const FRESH: Duration = Duration::from_secs(10);

/// What the provider has said last of each setting that this component reads; `None`: that it is not set. Settings alone, and
/// nothing of any request.
static KEPT: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

struct Kept {
    name: String,
    at: Instant,
    value: Option<String>,
}

/// A setting as the provider has it; `None` when it is not set.
async fn read(name: &str) -> Result<Option<String>, Error> {
    let ask = async {
        match variables::get(name).await {
            Ok(value) => Ok(Some(value)),
            Err(Error::Undefined(_)) => Ok(None),
            Err(e) => Err(e),
        }
    };
    known_or(name, ask).await
}

/// What is known, or else what is asked for. A failure is not known afterwards.
async fn known_or<E>(name: &str, ask: impl Future<Output = Result<Option<String>, E>>) -> Result<Option<String>, E> {
    let known = kept(|kept| {
        let found = kept.iter().find(|kept| kept.name == name && kept.at.elapsed() < FRESH);
        found.map(|kept| kept.value.clone())
    });
    if let Some(value) = known {
        return Ok(value);
    }
    // The time of the question: what the provider says late is no younger than that.
    let at = Instant::now();
    let value = ask.await?;
    kept(|kept| {
        if kept.iter().any(|kept| kept.name == name && kept.at > at) {
            return;
        }
        kept.retain(|kept| kept.name != name);
        kept.push(Kept { name: name.to_owned(), at, value: value.clone() });
    });
    Ok(value)
}

fn kept<T>(with: impl FnOnce(&mut Vec<Kept>) -> T) -> T {
    with(&mut KEPT.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A setting, or `None` when it is not set or empty. A provider that does not respond is no reason to go on without the
/// setting: the request fails.
pub async fn optional(name: &str) -> Result<Option<String>, Problem> {
    match read(name).await {
        Ok(value) => Ok(value.filter(|value| !value.is_empty())),
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
    let setting = read(name).await.map_err(|e| e.to_string());
    let quotas = setting.and_then(|setting| Quotas::parse(setting.as_deref().unwrap_or(class.default_setting())));
    let quotas = quotas.map_err(|e| Problem::unavailable(format!("the setting {name}: {e}")))?;
    Ok(quotas.limits(class, caller.id()))
}

/// What limits an upload of this caller: how many, and how many bytes.
pub async fn upload_limits(caller: &Caller) -> Result<Option<Limits>, Problem> {
    let limits = limits(Class::Upload, caller).await?;
    let setting = read(UPLOAD_QUOTA).await.map_err(|e| e.to_string());
    let quotas = setting.and_then(|setting| UploadQuotas::parse(setting.as_deref().unwrap_or(UPLOAD_QUOTA_DEFAULT)));
    let quotas = quotas.map_err(|e| Problem::unavailable(format!("the setting {UPLOAD_QUOTA}: {e}")))?;
    Ok(quotas.limit(limits, caller.id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn read_of(name: &str, provider: Result<Option<&str>, ()>) -> Result<Option<String>, ()> {
        let says = async { provider.map(|value| value.map(str::to_owned)) };
        known_or(name, says).now_or_never().unwrap()
    }

    #[test]
    fn a_setting_is_asked_for_once_in_a_while_and_after_a_failure_at_once() {
        assert_eq!(read_of("of_test", Err(())), Err(()));
        for now in [Ok(Some("first")), Ok(Some("second")), Ok(None), Err(())] {
            assert_eq!(read_of("of_test", now), Ok(Some("first".to_owned())));
        }
        for now in [Ok(None), Ok(Some("set"))] {
            assert_eq!(read_of("not_set_of_test", now), Ok(None));
        }
        assert_eq!(read_of("of_another_test", Ok(Some("third"))), Ok(Some("third".to_owned())));
    }
}
