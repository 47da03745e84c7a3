//! How many bytes one may upload in a time.

use super::{Limits, MAX_SECONDS, NearestLimit};
use crate::ids::EntityId;
use serde::Serialize;

/// The name of the setting, as a Spin variable.
pub const UPLOAD_QUOTA: &str = "upload_quota";
/// What holds where the setting is not there.
pub const UPLOAD_QUOTA_DEFAULT: &str = "person=2GiB/24h, agent=5GiB/24h, microdao=50GiB/24h";
/// The largest quota, in KiB: 1 TiB.
const MAX_KIB: u64 = 1 << 30;

/// So many KiB at once, and on average so many in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ByteQuota(u64, u32);

impl ByteQuota {
    fn parse(text: &str) -> Result<Option<Self>, String> {
        if matches!(text, "0" | "off") {
            return Ok(None);
        }
        let wrong = || format!("{text:?} is neither a quota such as 2GiB/24h nor 0");
        let (size, window) = text.split_once('/').ok_or_else(wrong)?;
        let number = |digits: &str| digits.parse::<u64>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
        let (digits, unit) = [("MiB", 1 << 10), ("GiB", 1 << 20), ("TiB", 1 << 30)]
            .iter()
            .find_map(|(name, unit)| Some((size.strip_suffix(name)?, *unit)))
            .ok_or_else(wrong)?;
        let kib = number(digits).and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)?;
        let (digits, unit) = [("s", 1), ("m", 60), ("h", 3600)]
            .iter()
            .find_map(|(name, unit)| Some((window.strip_suffix(name)?, *unit)))
            .ok_or_else(wrong)?;
        let seconds = number(digits).and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)?;
        match u32::try_from(seconds) {
            // A KiB takes a microsecond at least.
            Ok(seconds)
                if (1..=MAX_KIB).contains(&kib)
                    && (1..=MAX_SECONDS).contains(&seconds)
                    && kib <= 1_000_000 * u64::from(seconds) =>
            {
                Ok(Some(Self(kib, seconds)))
            }
            _ => Err(format!("{text:?} is not 1MiB to 1TiB in 1 to {MAX_SECONDS} seconds")),
        }
    }
}

/// The quotas of bytes; `None`: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UploadQuotas {
    person: Option<ByteQuota>,
    agent: Option<ByteQuota>,
    microdao: Option<ByteQuota>,
}

/// What the index is told of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct UploadLimits {
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<ByteQuota>,
    #[serde(skip_serializing_if = "Option::is_none")]
    microdao: Option<ByteQuota>,
}

impl UploadQuotas {
    /// Reads a setting: a list of `person=`, `agent=` and `microdao=` with commas; `0` is no limit. The error is a sentence
    /// for the operator.
    pub fn parse(setting: &str) -> Result<Self, String> {
        let mut quotas = Self::default();
        for part in setting.split(',').map(str::trim).filter(|part| !part.is_empty() && !matches!(*part, "0" | "off")) {
            match part.split_once('=').map(|(scope, quota)| (scope.trim(), quota.trim())) {
                Some(("person", quota)) => quotas.person = ByteQuota::parse(quota)?,
                Some(("agent", quota)) => quotas.agent = ByteQuota::parse(quota)?,
                Some(("microdao", quota)) => quotas.microdao = ByteQuota::parse(quota)?,
                _ => return Err(format!("{part:?} is none of person=, agent=, microdao=")),
            }
        }
        Ok(quotas)
    }

    /// Adds to the limits of an upload what holds for this caller.
    pub fn limit(&self, limits: Option<Limits>, caller: &EntityId) -> Option<Limits> {
        let (scope, quota) = if caller.is_agent() { ("agent", self.agent) } else { ("person", self.person) };
        if quota.is_none() && self.microdao.is_none() {
            return limits;
        }
        let bytes = UploadLimits { scope, caller: quota, microdao: self.microdao };
        let none = Limits { class: super::Class::Upload.into(), scope, caller: None, channel: None, bytes: None };
        Some(Limits { bytes: Some(bytes), ..limits.unwrap_or(none) })
    }
}

impl NearestLimit {
    /// The limit in words, where it counts KiB.
    pub(super) fn sentence_of_bytes(&self) -> String {
        let Self { quota, seconds, more_in, .. } = self;
        let whose = if self.policy.ends_with("microdao") { "Everybody in the microDAO together" } else { "You" };
        format!("{whose} may upload {} MiB in {seconds} seconds. Retry in {more_in} seconds.", quota / 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate_limit::{Class, Quotas};
    use proptest::prelude::*;

    #[test]
    fn the_manifest_and_the_readme_say_the_same() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |name| std::fs::read_to_string(root.join(name)).unwrap();
        assert!(
            read("spin.toml").contains(&format!("\n{UPLOAD_QUOTA} = {{ default = \"{UPLOAD_QUOTA_DEFAULT}\" }}\n"))
        );
        assert!(read("README.md").contains(&format!("\n| `UPLOAD_QUOTA` | `{UPLOAD_QUOTA_DEFAULT}` |")));
    }

    #[test]
    fn the_index_is_told_what_holds_for_the_caller() {
        let quotas = UploadQuotas::parse("person=2GiB/24h, microdao=1TiB/24h").unwrap();
        let told = |id: &str, setting: &str| {
            let id = EntityId::parse(id).unwrap();
            let limits = Quotas::parse(setting).unwrap().limits(Class::Upload, &id);
            serde_json::to_string(&quotas.limit(limits, &id)).unwrap()
        };
        assert_eq!(
            told("user:alice", "person=1/1s"),
            r#"{"class":"upload","scope":"person","caller":[1,1],"bytes":{"scope":"person","caller":[2097152,86400],"microdao":[1073741824,86400]}}"#
        );
        assert_eq!(
            told("agent:sofia", "0"),
            r#"{"class":"upload","scope":"agent","bytes":{"scope":"agent","microdao":[1073741824,86400]}}"#
        );
        assert_eq!(UploadQuotas::parse("0").unwrap().limit(None, &EntityId::parse("user:a").unwrap()), None);
    }

    #[test]
    fn a_quota_has_a_size_and_a_time() {
        assert_eq!(ByteQuota::parse("5MiB/1m").unwrap(), Some(ByteQuota(5120, 60)));
        for wrong in
            ["", "5", "5MiB", "5MB/1h", "0MiB/1h", "5MiB/0s", "5MiB/25h", "2TiB/24h", "1TiB/1s", "-1MiB/1s", "+1MiB/1s"]
        {
            assert!(ByteQuota::parse(wrong).is_err(), "{wrong}");
        }
        for wrong in ["5MiB/1m", "channel=5MiB/1m", "person=5"] {
            assert!(UploadQuotas::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_limit_of_bytes_is_told_in_words() {
        let policy = "upload-kib-microdao".to_owned();
        let limit = NearestLimit { policy, quota: 2_097_152, seconds: 86_400, remaining: 0, more_in: 60 };
        let sentence = "Everybody in the microDAO together may upload 2048 MiB in 86400 seconds. Retry in 60 seconds.";
        assert_eq!(limit.sentence_of_bytes(), sentence);
    }

    proptest! {
        #[test]
        fn no_setting_makes_it_panic(text in "\\PC{0,40}") {
            let _ = UploadQuotas::parse(&text);
        }
    }
}
