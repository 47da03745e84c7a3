//! `ws-relay hold`: keeps retention and erasure from deleting anything of a channel.

use super::call::{Failure, Messaging};
use crate::settings;
use anyhow::{Context, bail};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// What had begun when the hold was made is over after that: claims are given back after 60 seconds.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(500);

/// Which channel, and why; no reason: the hold ends.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    channel: Uuid,
    reason: Option<String>,
}

impl Wanted {
    /// Reads the arguments behind `hold`.
    pub fn read(arguments: &[&str]) -> anyhow::Result<Self> {
        let (channel, reason) = match arguments {
            ["--channel", id, "--release"] | ["--release", "--channel", id] => (id, None),
            ["--channel", id, "--reason", reason] | ["--reason", reason, "--channel", id] => (id, Some(reason)),
            _ => bail!("hold takes --channel ID and either --reason TEXT or --release"),
        };
        let channel = channel.parse().context("--channel takes the id of a channel")?;
        Ok(Self { channel, reason: reason.map(|reason| (*reason).to_owned()) })
    }
}

/// Makes or ends the hold, and waits until it holds.
pub async fn run(wanted: Wanted, setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let settings = settings::messaging(&setting)?.context("set MESSAGING_URL and INTERNAL_SECRET")?;
    let messaging = Messaging::new(&settings)?;
    let began = Instant::now();
    loop {
        let hold = match messaging.hold(wanted.channel, wanted.reason.as_deref()).await {
            Ok(hold) => hold,
            Err(Failure::Gone) => bail!("there is no channel {}", wanted.channel),
            Err(Failure::Channel(e) | Failure::App(e)) => return Err(e),
        };
        if hold.under_way == 0 {
            println!("{}: {}", wanted.channel, if hold.is_held { "on hold" } else { "no hold" });
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            bail!("the channel is on hold, and {} deletions that had begun are not over", hold.under_way);
        }
        println!("on hold; {} deletions had begun and are carried out", hold.under_way);
        sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_has_a_channel_and_a_reason_or_an_end() {
        let id = Uuid::from_u128(7);
        let text = id.to_string();
        let of = |reason: Option<&str>| Wanted { channel: id, reason: reason.map(str::to_owned) };
        assert_eq!(Wanted::read(&["--channel", &text, "--reason", "a case"]).unwrap(), of(Some("a case")));
        assert_eq!(Wanted::read(&["--release", "--channel", &text]).unwrap(), of(None));
        for odd in [&["--channel", text.as_str()] as &[_], &[], &["--channel", "x", "--release"], &["--reason", "a"]] {
            assert!(Wanted::read(odd).is_err(), "{odd:?}");
        }
    }
}
