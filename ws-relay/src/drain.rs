//! How the relay ends when it is told to.

use crate::settings::number;
use anyhow::bail;
use std::time::Duration;

/// The times that it has for that.
#[derive(Clone, Copy)]
pub struct Drain {
    /// In which it still serves everything, and says that it is not ready.
    pub delay: Duration,
    /// Over which it closes its sockets then, at most.
    pub spread: Duration,
    /// In which it ends, behind the delay.
    pub limit: Duration,
}

impl Drain {
    /// Reads `DRAIN_DELAY_SECONDS`, `DRAIN_SPREAD_SECONDS` and `DRAIN_LIMIT_SECONDS`.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let text = |name: &str| setting(name).filter(|value| !value.is_empty());
        let seconds = |name, default| number(text, name, default).map(Duration::from_secs);
        let (delay, spread) = (seconds("DRAIN_DELAY_SECONDS", 0)?, seconds("DRAIN_SPREAD_SECONDS", 5)?);
        let limit = seconds("DRAIN_LIMIT_SECONDS", 12)?;
        if spread >= limit {
            bail!("DRAIN_SPREAD_SECONDS must be less than DRAIN_LIMIT_SECONDS, so that the last client can answer");
        }
        Ok(Self { delay, spread, limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> anyhow::Result<[u64; 3]> {
        let find = |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Drain::read(find).map(|drain| [drain.delay, drain.spread, drain.limit].map(|time| time.as_secs()))
    }

    #[test]
    fn the_last_socket_is_closed_before_the_end() {
        assert_eq!(read(&[]).unwrap(), [0, 5, 12]);
        assert_eq!(read(&[("DRAIN_SPREAD_SECONDS", "30"), ("DRAIN_LIMIT_SECONDS", "40")]).unwrap(), [0, 30, 40]);
        assert!(read(&[("DRAIN_SPREAD_SECONDS", "12")]).is_err());
        assert!(read(&[("DRAIN_DELAY_SECONDS", "soon")]).is_err());
    }
}
