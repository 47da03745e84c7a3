//! Has removed what has had its time. The database notes what that is, the app redacts and removes it; here is decided when.
//!
//! Only the relay that publishes does it, one call at a time and with a rest as long after each: sending comes first.

use super::TICK;
use super::call::Messaging;
use crate::database::Database;
use crate::metrics::Metrics;
use anyhow::Context;
use messaging_core::channel::MAX_RETENTION_DAYS;
use messaging_core::life::Removed;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// The pause between two looks when nothing is to be done.
const PERIOD: Duration = Duration::from_secs(5);
/// So many are noted at once.
const NOTED: i32 = 200;
/// So many messages an erasure goes through at once, and for so long before what is due has its turn.
const PAGE: i32 = 1_000;
const STRETCH: Duration = Duration::from_secs(2);
/// After a failure the next try comes after this, and each time twice as late, up to that.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// What is to be removed.
pub struct Removals {
    /// What there is.
    pub database: Database,
    /// The app; `None`: nothing is removed.
    pub messaging: Option<Arc<Messaging>>,
    /// The platform's maximum.
    pub max_days: Option<i32>,
    /// The numbers of `GET /metrics`, which tell whether this relay publishes as well.
    pub metrics: Arc<Metrics>,
}

impl Removals {
    /// Looks again and again until `shutdown`, whenever this relay publishes.
    pub async fn run(self, shutdown: CancellationToken) {
        // Without the app's address the comparison of channels warns.
        let Some(messaging) = &self.messaging else { return };
        tokio::select! {
            () = self.go_on(messaging) => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn go_on(&self, messaging: &Messaging) {
        let mut pause = None;
        loop {
            if self.metrics.publisher_active.get() == 0 {
                sleep(TICK).await;
                continue;
            }
            let began = Instant::now();
            if let Err(e) = self.advance_erasures().await {
                tracing::warn!("an erasure waits: {e:#}");
            }
            let rest = match self.remove(messaging).await {
                Ok(None) => PERIOD,
                Ok(Some(removed)) if !removed.is_away => {
                    if pause.take().is_some() {
                        tracing::info!("what has had its time is removed again");
                    }
                    began.elapsed()
                }
                result => {
                    if pause.is_none() {
                        let reason =
                            result.err().map_or_else(|| "the homeserver is away".to_owned(), |e| format!("{e:#}"));
                        tracing::warn!("what has had its time waits: {reason}");
                    }
                    next_pause(&mut pause)
                }
            };
            sleep(rest).await;
        }
    }

    /// Goes through the tables for who is erased, as far as a moment allows.
    async fn advance_erasures(&self) -> anyhow::Result<()> {
        #[derive(Deserialize)]
        struct Advanced {
            has_more: bool,
        }
        let began = Instant::now();
        while began.elapsed() < STRETCH {
            if !self.database.document::<Advanced>("advance_erasure(p_limit => $1)", &[&PAGE]).await?.has_more {
                break;
            }
        }
        Ok(())
    }

    /// What came of it; `None`: there was nothing to do.
    async fn remove(&self, messaging: &Messaging) -> anyhow::Result<Option<Removed>> {
        #[derive(Deserialize)]
        struct Noted {
            is_due: bool,
        }
        let call = "note_removals(p_max_days => $1, p_limit => $2)";
        if !self.database.document::<Noted>(call, &[&self.max_days, &NOTED]).await?.is_due {
            return Ok(None);
        }
        let removed = messaging.remove_expired().await?;
        self.metrics.removed(&removed);
        Ok(Some(removed))
    }
}

/// `RETENTION_MAX_DAYS`.
pub fn max_days(setting: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<i32>> {
    let Some(days) = setting("RETENTION_MAX_DAYS") else { return Ok(None) };
    let days = days.parse().ok().filter(|days| (1..=MAX_RETENTION_DAYS).contains(days));
    // Whatever else was meant by it, messages must not be deleted for that.
    days.map(Some).with_context(|| format!("RETENTION_MAX_DAYS must be a number from 1 to {MAX_RETENTION_DAYS}"))
}

fn next_pause(pause: &mut Option<Duration>) -> Duration {
    *pause.insert(pause.map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_not_deleted_for_a_setting_that_is_no_number_of_days() {
        let of = |days: &str| max_days(|_| Some(days.to_owned()));
        assert_eq!((of("30").unwrap(), max_days(|_| None).unwrap()), (Some(30), None));
        for odd in ["0", "-1", "4000", "30d", "never", ""] {
            assert!(of(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let mut pause = None;
        let pauses: Vec<_> = (0..8).map(|_| next_pause(&mut pause).as_secs()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
    }
}
