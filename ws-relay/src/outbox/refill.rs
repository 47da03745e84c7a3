//! Sends again what the stream has lost, or what somebody asked for.
//!
//! New events do not wait for all of it: before a channel's first new event only that channel's own earlier ones are sent,
//! so that its order holds, and the rest follows beside the new ones.

use super::batch::Batch;
use super::fitting::Limit;
use super::nats_session::NatsSession;
use super::record::Lost;
use super::store::Store;
use crate::event::Event;
use crate::metrics::Metrics;
use anyhow::bail;
use messaging_core::advisory::Advisory;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::collections::{HashMap, HashSet};
use tokio::sync::mpsc::unbounded_channel;

/// Channels that one step sends.
const CHANNELS: usize = 25;
/// Events of each channel that one step sends.
const EVENTS: usize = 20;

/// A refill under way.
pub struct Refill<'a> {
    store: &'a Store,
    nats: &'a NatsSession,
    limit: Limit,
    metrics: &'a Metrics,
    /// Channels that are not over, each with the number that is next and the generation.
    open: HashMap<ChannelId, (Seq, i64)>,
    generation: i64,
    sent: u64,
    restored: u64,
}

impl<'a> Refill<'a> {
    /// Begins to send these channels again, of which there is at least one.
    pub async fn begin(
        store: &'a Store,
        nats: &'a NatsSession,
        limit: Limit,
        metrics: &'a Metrics,
        lost: Vec<Lost>,
    ) -> anyhow::Result<Self> {
        let generation = lost.iter().map(|(_, _, generation)| *generation).max().unwrap_or(0);
        let open: HashMap<_, _> =
            lost.into_iter().map(|(channel, seq, generation)| (channel, (seq, generation))).collect();
        metrics.refills.inc();
        let channels = u64::try_from(open.len())?;
        nats.advise(&Advisory::RefillBegun { generation, channels }).await;
        Ok(Self { store, nats, limit, metrics, open, generation, sent: 0, restored: 0 })
    }

    /// Sends the earlier events of the channels of these new ones.
    pub async fn before(&mut self, new: &[Event]) -> anyhow::Result<()> {
        let channels: HashSet<ChannelId> = new.iter().map(|event| event.channel).collect();
        loop {
            let open = self.some(|channel| channels.contains(channel));
            if open.is_empty() {
                return Ok(());
            }
            self.send(&open).await?;
        }
    }

    /// Sends some more; `true` when that was all.
    pub async fn step(&mut self) -> anyhow::Result<bool> {
        let some = self.some(|_| true);
        if !some.is_empty() {
            self.send(&some).await?;
        }
        if !self.open.is_empty() {
            return Ok(false);
        }
        tracing::warn!("published {} events again, of which NATS took {}", self.sent, self.restored);
        self.nats.advise(&Advisory::RefillEnded { generation: self.generation, events: self.sent }).await;
        Ok(true)
    }

    fn some(&self, which: impl Fn(&ChannelId) -> bool) -> Vec<Lost> {
        let open = self.open.iter().filter(|(channel, _)| which(channel));
        open.take(CHANNELS).map(|(channel, (seq, generation))| (*channel, *seq, *generation)).collect()
    }

    /// Sends the next events of these channels.
    async fn send(&mut self, channels: &[Lost]) -> anyhow::Result<()> {
        let events = self.store.published(channels, EVENTS).await?;
        let mut sent: HashMap<ChannelId, (usize, Seq)> = HashMap::new();
        for event in &events {
            let (count, seq) = sent.entry(event.channel).or_default();
            (*count, *seq) = (*count + 1, event.seq.max(*seq));
        }
        let (done, mut marks) = unbounded_channel();
        let outcome = Batch::again(self.nats, &self.store.lease, self.limit, done).publish(events).await;
        let mut placed = Vec::new();
        while let Ok(mark) = marks.try_recv() {
            placed.push(mark);
        }
        self.store.mark(&placed).await?;
        self.sent += outcome.done;
        self.restored += outcome.new;
        self.metrics.republished.inc_by(outcome.done);
        self.metrics.restored.inc_by(outcome.new);
        if let Some(broken) = outcome.broken {
            return Err(broken);
        }
        if !outcome.refused.is_empty() {
            if outcome.done == 0 || outcome.refused.iter().any(|refused| !refused.is_own_fault) {
                bail!("NATS does not take what it has lost");
            }
            let refused: Vec<_> = outcome.refused.iter().map(|refused| refused.id).collect();
            self.metrics.publish_set_aside.inc_by(self.store.set_aside(&refused).await?);
        }
        for (channel, _, generation) in channels {
            let next = sent.get(channel).filter(|(count, _)| *count == EVENTS).map(|(_, seq)| seq.saturating_add(1));
            match next {
                Some(next) => self.open.insert(*channel, (next, *generation)),
                None => self.open.remove(channel),
            };
            self.store.refilled(*channel, *generation, next).await?;
        }
        Ok(())
    }
}
