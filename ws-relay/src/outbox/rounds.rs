//! The work of a session: see what waits, publish it, mark it, again and again.
//!
//! While a full batch is on its way to NATS, the database marks the one before it and reads the one behind it. So at most
//! two batches are published and not marked; when the session ends there, the next one finds them in the stream. Nothing is
//! read ahead while a channel waits for NATS or while what was lost is sent again: what comes next depends on what becomes
//! of the batch.

use super::batch::Batch;
use super::fitting::Limit;
use super::held::Held;
use super::nats_session::NatsSession;
use super::outcome::Done;
use super::record::{Lost, Record};
use super::refill::Refill;
use super::sleep::Sleep;
use super::store::{BATCH, CLEANUP_BATCH, Store};
use super::survey;
use crate::event::Event;
use crate::metrics::Metrics;
use futures_util::future::{join, join3, try_join};
use std::mem::take;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The pause between two looks at the stream.
const WATCH: Duration = Duration::from_secs(5);
/// The pause between two searches for old rows.
const CLEANUP: Duration = Duration::from_secs(60);
/// While a batch is on its way, what NATS has is marked this often: no later session has to publish it again.
const MARK: Duration = Duration::from_secs(2);

/// The rounds of one session.
pub struct Rounds<'a> {
    store: &'a Store,
    nats: &'a NatsSession,
    limit: Limit,
    metrics: &'a Metrics,
    record: Record,
    refill: Option<Refill<'a>>,
    held: Held,
    sleep: Sleep,
    /// What NATS has and is not marked yet, in the order of the stream.
    marks: Vec<Done>,
    watch: Instant,
    cleanup: Instant,
}

/// What the database has for the publisher.
struct Look {
    /// When it was asked.
    at: Instant,
    events: Vec<Event>,
    lost: Vec<Lost>,
}

impl<'a> Rounds<'a> {
    /// Begins when the stream was compared with the outbox.
    pub fn new(store: &'a Store, nats: &'a NatsSession, limit: Limit, record: Record, metrics: &'a Metrics) -> Self {
        let (refill, held, sleep, marks) = (None, Held::default(), Sleep::new(), Vec::new());
        let (watch, cleanup) = (Instant::now() + WATCH, Instant::now());
        Self { store, nats, limit, metrics, record, refill, held, sleep, marks, watch, cleanup }
    }

    /// Publishes until `shutdown`, or until something fails that ends the session.
    pub async fn run(mut self, shutdown: &CancellationToken) -> anyhow::Result<()> {
        let mut ahead = None;
        while !shutdown.is_cancelled() {
            if self.refill.is_none() && self.watch <= Instant::now() {
                // What is published and not marked would be taken for seen.
                self.mark().await?;
                survey::watch(self.store, &self.nats.jetstream, &mut self.record).await?;
                self.watch = Instant::now() + WATCH;
            }
            let Look { at, events, lost } = match ahead.take() {
                Some(look) => look,
                None => self.look().await?,
            };
            if self.refill.is_none() && !lost.is_empty() {
                self.mark().await?;
                self.refill = Some(Refill::begin(self.store, self.nats, self.limit, self.metrics, lost).await?);
            }
            let idle = events.is_empty() && self.refill.is_none();
            if !events.is_empty() {
                let found = events.len();
                ahead = self.publish(at, events).await?;
                self.sleep.found(self.store, found).await?;
            }
            if let Some(refill) = &mut self.refill
                && refill.step().await?
            {
                self.refill = None;
            }
            self.clean_up().await?;
            if idle {
                tokio::select! {
                    slept = self.sleep.nothing(self.store) => slept?,
                    () = shutdown.cancelled() => {}
                }
            }
        }
        self.mark().await
    }

    /// Marks what is left, and looks. What is seen does not depend on which of both the database does first.
    async fn look(&mut self) -> anyhow::Result<Look> {
        let at = Instant::now();
        let (marks, held) = (take(&mut self.marks), self.held.channels(at));
        let (marked, look) =
            join(mark(self.store, self.metrics, &marks), look(self.store, at, &held, &ids(&marks))).await;
        marked?;
        look
    }

    /// Publishes events that were read at `at`, and returns what is behind them if that is known already.
    async fn publish(&mut self, at: Instant, mut events: Vec<Event>) -> anyhow::Result<Option<Look>> {
        let (store, metrics) = (self.store, self.metrics);
        if let Some(refill) = &mut self.refill {
            refill.before(&events).await?;
        }
        for event in &mut events {
            event.generation = self.record.generation_of(event.id);
        }
        let reads_ahead = events.len() == BATCH && self.refill.is_none() && self.held.is_empty();
        let before = take(&mut self.marks);
        let under_way: Vec<_> = events.iter().map(|event| event.id).chain(ids(&before)).collect();
        let read = async {
            match reads_ahead {
                true => look(store, Instant::now(), &[], &under_way).await.map(Some),
                false => Ok(None),
            }
        };
        let ((done, marks), given_up) = (unbounded_channel(), self.held.given_up());
        let batch = Batch::new(self.nats, &store.lease, self.limit, given_up.clone(), done);
        let (outcome, left, ahead) = join3(batch.publish(events), mark_some(store, metrics, before, marks), read).await;
        self.marks = left?;
        let is_plain = outcome.refused.is_empty() && outcome.broken.is_none();
        if !is_plain || self.refill.is_some() {
            self.mark().await?;
        }
        metrics.publish_refused.inc_by(u64::try_from(outcome.refused.len()).unwrap_or(0));
        metrics.publish_shortened.inc_by(outcome.shortened);
        metrics.ephemeral_published.inc_by(outcome.personal);
        let set_aside = self.held.update(&outcome, &given_up, at);
        self.set_aside(&set_aside).await?;
        match outcome.broken {
            Some(broken) => Err(broken),
            // A channel of which something was refused may have more in what was read.
            None => Ok(ahead?.filter(|_| is_plain)),
        }
    }

    /// Marks what is left.
    async fn mark(&mut self) -> anyhow::Result<()> {
        let marks = take(&mut self.marks);
        mark(self.store, self.metrics, &marks).await
    }

    async fn set_aside(&self, ids: &[i64]) -> anyhow::Result<()> {
        if !ids.is_empty() {
            self.metrics.publish_set_aside.inc_by(self.store.set_aside(ids).await?);
            tracing::error!(
                "NATS takes others, but not the outbox rows {ids:?}: set aside; ws-relay replay tries them again"
            );
        }
        Ok(())
    }

    /// Deletes what has had its time, when that is due.
    async fn clean_up(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        if self.cleanup > now {
            return Ok(());
        }
        // Deleting may take a while.
        self.mark().await?;
        let deleted = self.store.delete_old().await?;
        self.metrics.outbox_deleted.inc_by(deleted);
        // No reason to begin anew: a connection that is gone shows itself in the next statement.
        let (others, must_count) = self.store.delete_old_rows().await.unwrap_or_else(|e| {
            tracing::warn!("old rows stay for now: {e:#}");
            (0, false)
        });
        self.metrics.old_rows_deleted.inc_by(others);
        // After a full batch there is more to do, but events come first.
        let is_done = deleted.max(others) < CLEANUP_BATCH && !must_count;
        self.cleanup = if is_done { now + CLEANUP } else { now };
        Ok(())
    }
}

/// What waits, but for channels that are `held` and events that are `under_way`; and then what has to be sent again, so that
/// this comes before events that were written after somebody asked for it.
async fn look(store: &Store, at: Instant, held: &[Uuid], under_way: &[i64]) -> anyhow::Result<Look> {
    let (events, lost) = try_join(store.unpublished(held, under_way), store.refills()).await?;
    Ok(Look { at, events, lost })
}

fn ids(marks: &[Done]) -> Vec<i64> {
    marks.iter().map(|(id, _)| *id).collect()
}

async fn mark(store: &Store, metrics: &Metrics, marks: &[Done]) -> anyhow::Result<()> {
    metrics.published.inc_by(store.mark(marks).await?);
    Ok(())
}

/// Marks `marks`, and while a batch is on its way what NATS has of it; returns what is left of that.
async fn mark_some(
    store: &Store,
    metrics: &Metrics,
    mut marks: Vec<Done>,
    mut done: UnboundedReceiver<Done>,
) -> anyhow::Result<Vec<Done>> {
    loop {
        mark(store, metrics, &take(&mut marks)).await?;
        let batch = async {
            while let Some(mark) = done.recv().await {
                marks.push(mark);
            }
        };
        if timeout(MARK, batch).await.is_ok() {
            return Ok(marks);
        }
    }
}
