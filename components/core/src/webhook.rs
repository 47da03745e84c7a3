//! Webhooks: where they may point, and what is delivered to them.

use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// The body of a delivery, as the platform's gateway specification has it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The subscription.
    pub subscription_id: Uuid,
    /// The room.
    pub room_id: String,
    /// The event as the homeserver has it; it need not name its room itself.
    pub event: Box<RawValue>,
}

/// Scheme, host and port of an HTTP address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an address; `None` when it is no HTTP address or names a user.
    pub fn of(url: &str) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let authority = uri.authority()?;
        let scheme = uri.scheme_str()?;
        let default_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return None,
        };
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" => default_port,
            _ => authority.port_u16()?,
        };
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        Some(Self { scheme: scheme.to_owned(), host: authority.host().to_ascii_lowercase(), port })
    }
}

/// The setting `webhook_allowed_host`: where webhooks may point, so that a subscriber cannot make the service call hosts
/// that the subscriber itself cannot reach (SSRF). The gateway asks when somebody subscribes, the relay when it delivers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Origin>);

impl AllowedHosts {
    /// Reads hosts separated by commas, `host[:port]` for HTTPS or with the scheme; the error is a sentence for the
    /// operator.
    pub fn parse(setting: &str) -> Result<Self, String> {
        let entries = setting.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(|entry| origin_of(entry).ok_or_else(|| mistake(entry))).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing may be called.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address may be called.
    pub fn allows(&self, origin: &Origin) -> bool {
        self.0.contains(origin)
    }
}

/// One entry of the setting: an origin and nothing else.
fn origin_of(entry: &str) -> Option<Origin> {
    let url = if entry.contains("://") { entry.to_owned() } else { format!("https://{entry}") };
    let uri: Uri = url.parse().ok()?;
    let origin = Origin::of(&url)?;
    let is_host =
        origin.host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b':' | b'[' | b']'));
    (is_host && matches!(uri.path(), "" | "/") && uri.query().is_none() && !url.contains('#')).then_some(origin)
}

fn mistake(entry: &str) -> String {
    format!(
        "{entry:?} is no host for webhooks; write host, host:port, https://host or http://host:port, several with commas"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(setting: &str, url: &str) -> bool {
        Origin::of(url).is_some_and(|origin| AllowedHosts::parse(setting).unwrap().allows(&origin))
    }

    #[test]
    fn a_list_with_and_without_schemes_has_one_reading() {
        let setting = "hooks.example, http://messaging-service:7004,https://other.example:8443/,[::1]:8443";
        for url in [
            "https://hooks.example/x?y=z",
            "https://HOOKS.example:443/",
            "http://messaging-service:7004/webhooks/matrix-events",
            "https://other.example:8443",
            "https://[::1]:8443/x",
        ] {
            assert!(allows(setting, url), "{url}");
        }
        for url in [
            "http://hooks.example/",
            "https://hooks.example:8443/",
            "https://hooks.example.evil.example/",
            "https://evil.example/https://hooks.example/",
            "https://hooks.example@evil.example/",
            "http://169.254.169.254/",
            "https://sub.hooks.example/",
        ] {
            assert!(!allows(setting, url), "{url}");
        }
        for nothing in ["", " , ,"] {
            assert!(AllowedHosts::parse(nothing).unwrap().is_empty());
        }
    }

    #[test]
    fn what_is_no_host_is_named() {
        for entry in
            ["*", "https://*.example", "https://", "ftp://a.example", "a.example/hooks", "a b", "u@a.example", "a:x"]
        {
            let error = AllowedHosts::parse(&format!("ok.example,{entry}")).unwrap_err();
            assert!(error.contains(entry), "{entry}: {error}");
        }
    }
}
