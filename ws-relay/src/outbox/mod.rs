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
mod store;
pub mod stream;
mod survey;

use crate::database::Database;
use crate::metrics::Metrics;
use crate::settings::Settings;
use batch::Batch;
use ephemeral::Ephemeral;
use fitting::Limit;
use futures_util::future::join;
use held::Held;
use nats_session::NatsSession;
use outcome::Done;
use refill::Refill;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

pub use store::LOCK as PUBLISHER_LOCK;

/// The pause between two looks at the outbox when nothing notifies of new rows.
const POLL: Duration = Duration::from_secs(1);
/// The pause between two looks at the stream.
const WATCH: Duration = Duration::from_secs(5);
/// The pause between two searches for old rows.
const CLEANUP: Duration = Duration::from_secs(60);
/// While a batch is on its way, what NATS has is marked this often: no later session has to publish it again.
const MARK: Duration = Duration::from_secs(2);
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
        let mut record = survey::begin(store, nats, &stream, &self.metrics).await?;
        tracing::info!("this relay publishes the outbox now");
        self.metrics.publisher_active.set(1);
        let mut refill = None;
        let mut held = Held::default();
        let (mut watch, mut cleanup) = (Instant::now() + WATCH, Instant::now());
        while !shutdown.is_cancelled() {
            let now = Instant::now();
            if refill.is_none() {
                if watch <= now {
                    survey::watch(store, &nats.jetstream, &mut record).await?;
                    watch = now + WATCH;
                }
                refill = Refill::begin(store, nats, limit, &self.metrics).await?;
            }
            let mut events = store.unpublished(&held.channels(now)).await?;
            let mut idle = events.is_empty();
            if !idle {
                if let Some(refill) = &mut refill {
                    refill.before(&events).await?;
                }
                for event in &mut events {
                    event.generation = record.generation_of(event.id);
                }
                let ((done, marks), given_up) = (unbounded_channel(), held.given_up());
                let batch = Batch::new(nats, &store.lease, limit, given_up.clone(), done);
                let (outcome, marked) = join(batch.publish(events), self.mark(store, marks)).await;
                marked?;
                self.metrics.publish_refused.inc_by(u64::try_from(outcome.refused.len()).unwrap_or(0));
                self.metrics.publish_shortened.inc_by(outcome.shortened);
                self.set_aside(store, &held.update(&outcome, &given_up, now)).await?;
                if let Some(broken) = outcome.broken {
                    return Err(broken);
                }
            }
            if let Some(running) = &mut refill {
                idle = false;
                if running.step().await? {
                    refill = None;
                }
            }
            if cleanup <= now {
                let deleted = store.delete_old().await?;
                self.metrics.outbox_deleted.inc_by(deleted);
                // No reason to begin anew: a connection that is gone shows itself in the next statement.
                let (others, must_count) = store.delete_old_rows().await.unwrap_or_else(|e| {
                    tracing::warn!("old rows stay for now: {e:#}");
                    (0, false)
                });
                self.metrics.old_rows_deleted.inc_by(others);
                // After a full batch there is more to do, but events come first.
                let is_done = deleted.max(others) < store::CLEANUP_BATCH && !must_count;
                cleanup = if is_done { now + CLEANUP } else { now };
            }
            if idle {
                tokio::select! {
                    _ = timeout(POLL, store.notified()) => {}
                    () = shutdown.cancelled() => {}
                }
            }
        }
        Ok(())
    }

    /// Marks what NATS has while the rest of the batch is on its way, until all of it has come to its end.
    async fn mark(&self, store: &Store, mut done: UnboundedReceiver<Done>) -> anyhow::Result<()> {
        loop {
            let mut marks = Vec::new();
            let batch = async {
                while let Some(mark) = done.recv().await {
                    marks.push(mark);
                }
            };
            let is_over = timeout(MARK, batch).await.is_ok();
            self.metrics.published.inc_by(store.mark(&marks).await?);
            if is_over {
                return Ok(());
            }
        }
    }

    async fn set_aside(&self, store: &Store, ids: &[i64]) -> anyhow::Result<()> {
        if !ids.is_empty() {
            self.metrics.publish_set_aside.inc_by(store.set_aside(ids).await?);
            tracing::error!(
                "NATS takes others, but not the outbox rows {ids:?}: set aside; ws-relay replay tries them again"
            );
        }
        Ok(())
    }
}
