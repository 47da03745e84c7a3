//! How much one may do in a time: what the settings say, what the index is told, and what a caller who did too much is told.

mod bytes;

pub use bytes::{UPLOAD_QUOTA, UPLOAD_QUOTA_DEFAULT, UploadQuotas};

use crate::ids::EntityId;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

/// A quota has at most so many acts.
const MAX_QUOTA: u32 = 1_000_000;
/// The longest window, in seconds.
const MAX_SECONDS: u32 = 86_400;

/// What is limited: acts of a kind share a quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Class {
    /// Messages.
    Send,
    /// Edits, deletions and reactions.
    Edit,
    /// How far somebody has read, and their own marks of channels.
    Read,
    /// New channels.
    Create,
    /// Uploads of files.
    Upload,
    /// Invitations, members who join, leave, are removed or changed, and changes of a channel.
    Manage,
}

impl Class {
    /// The name of its setting, as a Spin variable.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Send => "rate_limit_send",
            Self::Edit => "rate_limit_edit",
            Self::Read => "rate_limit_read",
            Self::Create => "rate_limit_create",
            Self::Upload => "rate_limit_upload",
            Self::Manage => "rate_limit_manage",
        }
    }

    /// What holds where the setting is not there: a person can type and an agent work, and a loop is stopped.
    pub fn default_setting(self) -> &'static str {
        match self {
            Self::Send => "person=120/60s, agent=300/60s, channel=1200/60s",
            Self::Edit => "person=240/60s, agent=600/60s, channel=2400/60s",
            // Not of a channel: many read what one writes.
            Self::Read => "person=600/60s, agent=600/60s",
            Self::Create => "person=300/10m, agent=300/10m",
            Self::Upload => "person=120/10m, agent=300/10m, channel=1200/10m",
            Self::Manage => "person=300/60s, agent=300/60s, channel=1200/60s",
        }
    }
}

/// So many acts at once, and on average so many in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quota(u32, u32);

impl Quota {
    fn parse(text: &str) -> Result<Option<Self>, String> {
        if matches!(text, "0" | "off") {
            return Ok(None);
        }
        let wrong = || format!("{text:?} is neither a quota such as 60/60s nor 0");
        let (quota, window) = text.split_once('/').ok_or_else(wrong)?;
        let digits = window.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match window.strip_prefix(digits) {
            Some("s") => 1,
            Some("m") => 60,
            Some("h") => 3600,
            _ => return Err(wrong()),
        };
        let number = |digits: &str| digits.parse::<u32>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
        let quota = number(quota).ok_or_else(wrong)?;
        let seconds = number(digits).and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)?;
        if !(1..=MAX_QUOTA).contains(&quota) || !(1..=MAX_SECONDS).contains(&seconds) {
            return Err(format!("{text:?} is not 1 to {MAX_QUOTA} in 1 to {MAX_SECONDS} seconds"));
        }
        Ok(Some(Self(quota, seconds)))
    }
}

/// The quotas of a class; `None`: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quotas {
    /// Of each person, over all channels.
    pub person: Option<Quota>,
    /// Of each agent, over all channels.
    pub agent: Option<Quota>,
    /// Of each channel, whoever acts in it.
    pub channel: Option<Quota>,
}

impl Quotas {
    /// Reads a setting: `60/60s` for every caller, or a list of `person=`, `agent=` and `channel=` with commas; `0` is no
    /// limit. The error is a sentence for the operator.
    pub fn parse(setting: &str) -> Result<Self, String> {
        let mut quotas = Self::default();
        for part in setting.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=').map(|(scope, quota)| (scope.trim(), quota.trim())) {
                None => {
                    let quota = Quota::parse(part)?;
                    (quotas.person, quotas.agent) = (quota, quota);
                }
                Some(("person", quota)) => quotas.person = Quota::parse(quota)?,
                Some(("agent", quota)) => quotas.agent = Quota::parse(quota)?,
                Some(("channel", quota)) => quotas.channel = Quota::parse(quota)?,
                Some((other, _)) => return Err(format!("{other:?} is none of person, agent, channel")),
            }
        }
        Ok(quotas)
    }

    /// What the index is told of an act of this caller; `None` when nothing limits it.
    pub fn limits(&self, class: Class, caller: &EntityId) -> Option<Limits> {
        let (scope, quota) = if caller.is_agent() { ("agent", self.agent) } else { ("person", self.person) };
        let limits = Limits { class: class.into(), scope, caller: quota, channel: self.channel, bytes: None };
        (quota.is_some() || self.channel.is_some()).then_some(limits)
    }
}

/// `p_limits` of the index's functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limits {
    class: &'static str,
    scope: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<Quota>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<Quota>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<bytes::UploadLimits>,
}

/// How far a request is from the limit that is nearest, or beyond it, as the index tells it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NearestLimit {
    /// Which one, for example `send-person`.
    pub policy: String,
    /// How many acts it has in a window.
    pub quota: u32,
    /// The window, in seconds.
    pub seconds: u32,
    /// How many are left.
    pub remaining: u32,
    /// When there is one more, in seconds.
    pub more_in: u32,
}

impl NearestLimit {
    /// The header `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10, section 3).
    pub fn policy_header(&self) -> String {
        format!("\"{}\";q={};w={}", self.policy, self.quota, self.seconds)
    }

    /// The header `RateLimit` (the same draft, section 4).
    pub fn limit_header(&self) -> String {
        format!("\"{}\";r={};t={}", self.policy, self.remaining, self.more_in)
    }

    /// The limit in words, for whom it has refused.
    pub fn sentence(&self) -> String {
        let Self { quota, seconds, more_in, .. } = self;
        format!("At most {quota} in {seconds} seconds. Retry in {more_in} seconds, with the same Idempotency-Key.")
    }
}

impl Problem {
    /// Says which limit a 429 is about, and when it lets the next request through.
    pub fn with_limit(self, limit: NearestLimit) -> Self {
        let detail = match self.code {
            "rate_limited" => format!("Too much in too short a time. {}", limit.sentence()),
            "upload_quota_exceeded" => limit.sentence_of_bytes(),
            _ => self.detail,
        };
        Self { detail, limit: Some(Box::new(limit)), ..self }
    }

    /// Seconds after which to try again.
    pub fn wait(&self) -> Option<u32> {
        let of_limit = self.limit.as_ref().map(|limit| limit.more_in);
        of_limit.or(self.retry_after.map(u32::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_class_has_a_default_that_can_be_read() {
        for class in Class::VARIANTS {
            let quotas = Quotas::parse(class.default_setting()).unwrap();
            assert!(quotas.person.is_some() && quotas.agent.is_some(), "{class:?}");
        }
    }

    #[test]
    fn the_manifest_and_the_readme_say_the_same() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let read = |name| std::fs::read_to_string(root.join(name)).unwrap();
        let (manifest, readme) = (read("spin.toml"), read("README.md"));
        for class in Class::VARIANTS {
            let (name, default) = (class.setting(), class.default_setting());
            assert!(manifest.contains(&format!("\n{name} = {{ default = \"{default}\" }}\n")), "{name}");
            assert!(readme.contains(&format!("\n| `{}` | `{default}` |", name.to_uppercase())), "{name}");
        }
    }

    #[test]
    fn a_setting_names_everybody_or_each() {
        let minute = Some(Quota(60, 60));
        assert_eq!(Quotas::parse("60/60s").unwrap(), Quotas { person: minute, agent: minute, channel: None });
        assert_eq!(Quotas::parse("60/1m, agent=0").unwrap(), Quotas { person: minute, ..Quotas::default() });
        assert_eq!(Quotas::parse("channel = 60/60s").unwrap(), Quotas { channel: minute, ..Quotas::default() });
        for nothing in ["", "0", "off", "person=0,agent=off,channel=0"] {
            assert_eq!(Quotas::parse(nothing).unwrap(), Quotas::default(), "{nothing}");
        }
        for wrong in [
            "60",
            "60/60",
            "0/60s",
            "60/0s",
            "-1/60s",
            "60/2d",
            "60/25h",
            "user=1/1s",
            "1/1s=2",
            "+1/1s",
            "1/99999999999h",
        ] {
            assert!(Quotas::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_index_is_told_what_holds_for_the_caller() {
        let quotas = Quotas::parse("person=20/20s, channel=600/60s").unwrap();
        let limits = |id: &str| {
            serde_json::to_string(&quotas.limits(Class::Send, &EntityId::parse(id).unwrap()).unwrap()).unwrap()
        };
        let person = r#"{"class":"send","scope":"person","caller":[20,20],"channel":[600,60]}"#;
        assert_eq!(limits("user:alice"), person);
        assert_eq!(limits("agent:sofia"), r#"{"class":"send","scope":"agent","channel":[600,60]}"#);
        let off = Quotas::parse("0").unwrap();
        assert!(off.limits(Class::Send, &EntityId::parse("user:alice").unwrap()).is_none());
    }

    #[test]
    fn headers_say_what_is_left_and_when_there_is_more() {
        let limit = NearestLimit { policy: "send-person".into(), quota: 20, seconds: 20, remaining: 0, more_in: 3 };
        assert_eq!(limit.policy_header(), r#""send-person";q=20;w=20"#);
        assert_eq!(limit.limit_header(), r#""send-person";r=0;t=3"#);
    }

    proptest! {
        #[test]
        fn no_setting_makes_it_panic(text in "\\PC{0,40}") {
            let _ = Quotas::parse(&text);
        }

        #[test]
        fn what_is_within_the_bounds_is_read(quota in 1..=MAX_QUOTA, seconds in 1..=MAX_SECONDS) {
            let read = Quotas::parse(&format!("person={quota}/{seconds}s")).unwrap();
            prop_assert_eq!(read.person, Some(Quota(quota, seconds)));
        }
    }
}
