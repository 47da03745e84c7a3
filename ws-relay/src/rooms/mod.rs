//! Compares channels with the histories of their rooms, and has indexed what the homeserver never pushed. The app does
//! that, one channel a call; here is decided which channel, and when.
//!
//! Only the relay that publishes does it, one call at a time, spread over the time between two rounds: sending comes first.

mod call;
pub mod command;
pub mod content;
pub mod erase;
pub mod export;
pub mod hold;
pub mod receipts;
pub mod reindex;
pub mod removals;
pub mod unsearched;

use crate::database::Database;
use crate::metrics::Metrics;
use call::Failure;
pub use call::Messaging;
use messaging_core::reconcile::Reconciled;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How many channels a round has at most.
const CHANNELS: i32 = 100;
/// A round's calls begin at least this part of a round's time apart.
const SPREAD: u32 = 150;
/// And they take at most a quarter of the time.
const REST: u32 = 3;
/// How often a channel is called in a round, when its history is long.
const RUNS: usize = 20;
/// Events that are younger are left to the homeserver, in seconds; less when rounds are more often.
const MIN_AGE: u64 = 15;
/// The pause after a round that could not be finished.
const RETRY: Duration = Duration::from_secs(15);
/// So many failures in a row are not those of the channels.
const FAILURES: usize = 3;
/// The pause between two looks whether this relay publishes.
const TICK: Duration = Duration::from_secs(1);

/// Where the app is, and what opens it.
#[derive(Clone)]
pub struct MessagingSettings {
    /// Its address.
    pub url: String,
    /// `INTERNAL_SECRET`.
    pub secret: Arc<str>,
}

/// The rounds of this relay.
pub struct Rounds {
    /// Which channels there are.
    pub database: Database,
    /// The app; `None`: nothing is compared.
    pub messaging: Option<Arc<Messaging>>,
    /// The time between the beginnings of two rounds; zero: there are none.
    pub every: Duration,
    /// The numbers of `GET /metrics`, which tell whether this relay publishes as well.
    pub metrics: Arc<Metrics>,
}

impl Rounds {
    /// Goes round until `shutdown`, whenever this relay publishes.
    pub async fn run(self, shutdown: CancellationToken) {
        if self.every.is_zero() {
            return;
        }
        let Some(messaging) = &self.messaging else {
            tracing::warn!("what the homeserver never pushes stays missing: set MESSAGING_URL and INTERNAL_SECRET");
            return;
        };
        tokio::select! {
            () = self.go_round(messaging) => {}
            () = shutdown.cancelled() => {}
        }
    }

    async fn go_round(&self, messaging: &Messaging) {
        let mut is_well = true;
        loop {
            while !self.publishes() {
                sleep(TICK).await;
            }
            // Relays that are started together do not begin together.
            sleep(part_of((self.every / 20).min(RETRY))).await;
            let began = Instant::now();
            let result = self.round(messaging).await;
            match (&result, is_well) {
                (Err(e), true) => tracing::warn!("channels cannot be compared with their rooms: {e:#}"),
                (Ok(()), false) => tracing::info!("channels are compared with their rooms again"),
                _ => {}
            }
            is_well = result.is_ok();
            let next = began + if is_well { self.every } else { RETRY.min(self.every) };
            while self.publishes() && Instant::now() < next {
                sleep(TICK.min(next - Instant::now())).await;
            }
        }
    }

    fn publishes(&self) -> bool {
        self.metrics.publisher_active.get() > 0
    }

    /// Compares the channels whose turn it is.
    async fn round(&self, messaging: &Messaging) -> anyhow::Result<()> {
        let min_age = self.every.as_secs().clamp(1, MIN_AGE);
        let mut failures = 0;
        for channel in self.next_channels().await? {
            for _ in 0..RUNS {
                if !self.publishes() {
                    return Ok(());
                }
                let began = Instant::now();
                let result = messaging.reconcile(channel, None, min_age).await;
                sleep((self.every / SPREAD).max(began.elapsed() * REST)).await;
                match result {
                    Ok(found) => {
                        failures = 0;
                        self.metrics.reconciled(&found);
                        if let Some(repaired) = described(&found) {
                            tracing::info!("the channel {channel} was repaired: {repaired}");
                        }
                        if found.has_more {
                            continue;
                        }
                    }
                    Err(Failure::Gone) => {}
                    Err(Failure::Channel(e)) => {
                        failures += 1;
                        self.metrics.reconcile_failures.inc();
                        tracing::debug!("the channel {channel} cannot be compared with its room: {e:#}");
                        if failures >= FAILURES {
                            return Err(e.context(format!("{failures} channels in a row, the last one was {channel}")));
                        }
                    }
                    Err(Failure::App(e)) => {
                        self.metrics.reconcile_failures.inc();
                        return Err(e);
                    }
                }
                break;
            }
        }
        Ok(())
    }

    async fn next_channels(&self) -> anyhow::Result<Vec<Uuid>> {
        #[derive(Deserialize)]
        struct Next {
            channel_ids: Vec<Uuid>,
        }
        let next: Next = self.database.document("list_channels_to_reconcile(p_limit => $1)", &[&CHANNELS]).await?;
        Ok(next.channel_ids)
    }
}

/// What was repaired, in words; `None` when nothing was.
fn described(found: &Reconciled) -> Option<String> {
    let counts = found.repaired.by_kind().into_iter().filter(|(_, count)| *count > 0);
    let counts: Vec<_> = counts.map(|(kind, count)| format!("{count} {kind}")).collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// Some part of a time, another one each time.
fn part_of(time: Duration) -> Duration {
    let some = u16::from_be_bytes([Uuid::new_v4().as_bytes()[0], Uuid::new_v4().as_bytes()[1]]);
    time.mul_f64(f64::from(some) / f64::from(u16::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::reconcile::Repaired;

    #[test]
    fn a_part_is_never_more() {
        let whole = Duration::from_secs(3);
        assert!((0..100).all(|_| part_of(whole) <= whole));
    }

    #[test]
    fn only_what_was_repaired_is_said() {
        assert_eq!(described(&Reconciled::default()), None);
        let repaired = Repaired { messages: 3, state: 1, ..Repaired::default() };
        let found = Reconciled { repaired, ..Reconciled::default() };
        assert_eq!(described(&found).as_deref(), Some("3 messages, 1 state"));
    }
}
