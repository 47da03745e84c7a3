//! The publisher: brings every committed event to NATS, in order, whatever fails in between.
//!
//! One relay at a time holds the publisher's lock. The publisher works in sessions: one PostgreSQL connection and one
//! NATS connection, neither of which reconnects. When either is lost, or the stream is not what it was, the session is
//! over; the next one compares the stream with the outbox and sends again what NATS has lost. Ephemeral frames go their
//! own way beside it, on other connections.

mod batch;
mod ephemeral;
mod fitting;
mod held;
mod inventory;
mod lease;
mod nats_session;
mod outcome;
mod record;
mod refill;
mod rounds;
mod sleep;
mod store;
pub mod stream;
mod survey;

use crate::database::Database;
use crate::metrics::Metrics;
use crate::settings::Settings;
use ephemeral::Ephemeral;
use fitting::Limit;
use nats_session::NatsSession;
use rounds::Rounds;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub use store::LOCK as PUBLISHER_LOCK;

/// The pause between sessions: from the first to the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// What keeps it from publishing is logged again after this time.
const REMIND: Duration = Duration::from_secs(60);

/// The publisher of this relay.
pub struct Publisher {
    /// The database with the outbox.
    pub database: Database,
    /// The address of NATS, and how its stream is made.
    pub settings: Arc<Settings>,
    /// The connection to NATS for ephemeral frames.
    pub ephemeral_nats: async_nats::Client,
    /// Woken when deliveries to webhooks were queued: this connection listens for them as well.
    pub webhooks_queued: Arc<Notify>,
    /// The numbers of `GET /metrics`.
    pub metrics: Arc<Metrics>,
}

impl Publisher {
    /// Publishes until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut backoff = BACKOFF.0;
        let mut told: Option<(String, Instant)> = None;
        while !shutdown.is_cancelled() {
            let result = self.session(&shutdown).await;
            let was_active = self.metrics.publisher_active.set(0) > 0;
            if let Err(e) = result {
                let reason = format!("{e:#}");
                // It is tried all the time, and the log is for what is new.
                let is_known = told.as_ref().is_some_and(|(last, at)| *last == reason && at.elapsed() < REMIND);
                if was_active || !is_known {
                    tracing::warn!("the publisher waits and tries again: {reason}");
                    told = Some((reason, Instant::now()));
                }
            }
            backoff = if was_active { BACKOFF.0 } else { backoff.saturating_mul(2).min(BACKOFF.1) };
            tokio::select! {
                () = sleep(backoff) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    async fn session(&self, shutdown: &CancellationToken) -> anyhow::Result<()> {
        let store = Store::connect(&self.database, &self.webhooks_queued).await?;
        tokio::select! {
            locked = store.lock() => locked?,
            () = shutdown.cancelled() => return Ok(()),
        }
        let nats = NatsSession::connect(&self.settings.nats).await?;
        // A task of its own, so that events and ephemeral frames do not wait for each other; it ends with the session.
        let ephemeral = Ephemeral::new(&self.database, &self.ephemeral_nats, &self.metrics);
        let _ephemeral = AbortOnDropHandle::new(tokio::spawn(ephemeral.run()));
        tokio::select! {
            result = self.publish(&store, &nats, shutdown) => result,
            () = nats.lost.cancelled() => anyhow::bail!("the NATS connection is lost"),
            e = store.heartbeat() => Err(e),
            () = store.lost() => anyhow::bail!("the database connection is lost"),
        }
    }

    async fn publish(&self, store: &Store, nats: &NatsSession, shutdown: &CancellationToken) -> anyhow::Result<()> {
        let stream = stream::open(&nats.jetstream, &self.settings).await?;
        nats.saw_place(stream.cached_info().state.last_sequence);
        let limit = Limit::new(nats.client.server_info().max_payload, stream.cached_info().config.max_message_size);
        let record = survey::begin(store, nats, &stream, &self.metrics).await?;
        tracing::info!("this relay publishes the outbox now");
        self.metrics.publisher_active.set(1);
        Rounds::new(store, nats, limit, record, &self.metrics).run(shutdown).await
    }
}
