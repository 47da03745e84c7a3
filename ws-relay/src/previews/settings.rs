//! Whether and where links may lead a relay, as its settings say.

use super::connect::TestHosts;
use super::guard::Networks;
use anyhow::{Context, bail};

/// What the settings say of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PreviewSettings {
    /// Names that lead to servers of tests.
    pub test_hosts: TestHosts,
    /// Networks that are inside.
    pub forbidden: Networks,
}

impl PreviewSettings {
    /// Reads them; `None`: no page is fetched.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Self>> {
        let text = |name: &str| setting(name).unwrap_or_default();
        let settings = Self {
            test_hosts: TestHosts::parse(&text("PREVIEW_TEST_HOSTS")).context("PREVIEW_TEST_HOSTS")?,
            forbidden: Networks::parse(&text("PREVIEW_FORBIDDEN_NETWORKS")).context("PREVIEW_FORBIDDEN_NETWORKS")?,
        };
        if settings.test_hosts != TestHosts::default() && text("AUTH_MODE") != "development" {
            bail!("PREVIEW_TEST_HOSTS is for development mode alone");
        }
        match text("LINK_PREVIEWS").as_str() {
            "" | "on" => Ok(Some(settings)),
            "off" => Ok(None),
            other => bail!("LINK_PREVIEWS must be on or off, not {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> anyhow::Result<Option<PreviewSettings>> {
        PreviewSettings::read(|name| {
            settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn hosts_of_tests_are_for_development_mode() {
        let hosts = ("PREVIEW_TEST_HOSTS", "site.test=127.0.0.1:4711, other.test=[::1]:80");
        assert_eq!(read(&[]).unwrap(), Some(PreviewSettings::default()));
        assert_eq!(read(&[("LINK_PREVIEWS", "off")]).unwrap(), None);
        assert!(read(&[("LINK_PREVIEWS", "no")]).is_err());
        assert!(read(&[hosts, ("AUTH_MODE", "development")]).unwrap().is_some());
        for mode in ["token", ""] {
            assert!(read(&[hosts, ("AUTH_MODE", mode)]).is_err(), "{mode}");
        }
        for wrong in ["site.test", "site.test=localhost:80", "site.test=127.0.0.1"] {
            assert!(read(&[("PREVIEW_TEST_HOSTS", wrong), ("AUTH_MODE", "development")]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_that_cannot_be_read_is_named() {
        let read = |networks| read(&[("PREVIEW_FORBIDDEN_NETWORKS", networks)]);
        assert!(read("5.6.0.0/16, 2a01:4f8::/32,9.9.9.9").unwrap().is_some());
        for wrong in [
            "5.6.0.0/33",
            "2a01::/129",
            "5.6.0.0/x",
            "5.6.0.0/",
            "5.6/16",
            "intranet",
            "5.6.0.0/-1",
            "5.6.0.0/16 1.2.3.4",
        ] {
            let error = format!("{:#}", read(wrong).err().unwrap());
            assert!(error.contains("PREVIEW_FORBIDDEN_NETWORKS") && error.contains(&format!("{wrong:?}")), "{error}");
        }
    }
}
