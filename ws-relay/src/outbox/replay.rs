//! Sends again what NATS may have lost: JetStream acknowledges an event before it is safe on disk.
//!
//! New events do not wait for all of it: before a channel's first new event only that channel's own earlier ones are sent,
//! so that its order holds, and the rest follows beside the new ones.

use super::batch::Batch;
use super::fitting::Limit;
use super::nats_session::NatsSession;
use super::store::Store;
use crate::event::Event;
use crate::metrics::Metrics;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use uuid::Uuid;

/// Events published within this time before a connection to NATS ended may be lost (JetStream syncs every two
/// minutes by default). The stream recognises those that it has by their `Nats-Msg-Id`.
pub const DOUBTFUL: Duration = Duration::from_secs(10 * 60);
/// Channels that one step sends.
const CHANNELS: usize = 25;
/// Events of each channel that one step sends.
const EVENTS: usize = 20;

/// A replay under way.
pub struct Replay<'a> {
    store: &'a Store,
    nats: &'a NatsSession,
    limit: Limit,
    metrics: &'a Metrics,
    /// Events published between these times are sent again, in seconds since 1970.
    since: f64,
    until: f64,
    /// Channels that have begun or are known to be needed, and the last number that was sent.
    open: HashMap<ChannelId, Seq>,
    /// The channels behind this one are still to be looked at; `None`: there are no more.
    next: Option<Uuid>,
    /// Channels behind `next` that are over already, because they had new events.
    ahead: HashSet<ChannelId>,
    sent: u64,
    restored: u64,
}

impl<'a> Replay<'a> {
    /// Begins one: of every event that the outbox still holds, or of those of the last minutes.
    pub async fn begin(
        store: &'a Store,
        nats: &'a NatsSession,
        limit: Limit,
        metrics: &'a Metrics,
        everything: bool,
    ) -> anyhow::Result<Self> {
        let until = store.ago(0.0).await?;
        let since = if everything { 0.0 } else { until - DOUBTFUL.as_secs_f64() };
        let open = if everything { HashMap::new() } else { store.published_channels(since, until).await? };
        let next = everything.then_some(Uuid::nil());
        Ok(Self { store, nats, limit, metrics, since, until, open, next, ahead: HashSet::new(), sent: 0, restored: 0 })
    }

    /// Sends the earlier events of the channels of these new ones.
    pub async fn before(&mut self, new: &[Event]) -> anyhow::Result<()> {
        let channels: HashSet<ChannelId> = new.iter().map(|event| event.channel).collect();
        if let Some(next) = self.next {
            for channel in channels.iter().filter(|channel| channel.0 > next && !self.ahead.contains(channel)) {
                self.open.entry(*channel).or_default();
            }
        }
        loop {
            let open: Vec<_> =
                channels.iter().filter_map(|channel| Some((*channel, *self.open.get(channel)?))).collect();
            if open.is_empty() {
                return Ok(());
            }
            for some in open.chunks(CHANNELS) {
                self.send(some).await?;
            }
        }
    }

    /// Sends some more; `true` when that was all.
    pub async fn step(&mut self) -> anyhow::Result<bool> {
        if let Some(next) = self.next.filter(|_| self.open.len() < CHANNELS) {
            let page = self.store.channels_behind(next, CHANNELS).await?;
            self.next = page.last().copied().filter(|_| page.len() == CHANNELS);
            for channel in page.into_iter().map(ChannelId).filter(|channel| !self.ahead.remove(channel)) {
                self.open.entry(channel).or_default();
            }
        }
        let some: Vec<_> = self.open.iter().take(CHANNELS).map(|(channel, seq)| (*channel, *seq)).collect();
        if !some.is_empty() {
            self.send(&some).await?;
        }
        let is_over = self.open.is_empty() && self.next.is_none();
        if is_over && self.restored > 0 {
            tracing::warn!("NATS had lost {} of {} published events; it has them again", self.restored, self.sent);
        }
        Ok(is_over)
    }

    /// Sends the next events of these channels.
    async fn send(&mut self, channels: &[(ChannelId, Seq)]) -> anyhow::Result<()> {
        let events = self.store.published(channels, self.since, self.until, EVENTS).await?;
        let mut sent: HashMap<ChannelId, (usize, Seq)> = HashMap::new();
        for event in &events {
            let (count, seq) = sent.entry(event.channel).or_default();
            (*count, *seq) = (*count + 1, event.seq.max(*seq));
        }
        let outcome = Batch::again(self.nats, self.limit).publish(events).await;
        self.sent += outcome.done;
        self.restored += outcome.new;
        self.metrics.republished.inc_by(outcome.done);
        self.metrics.restored.inc_by(outcome.new);
        if let Some(broken) = outcome.broken {
            return Err(broken);
        }
        for (channel, _) in channels {
            match sent.get(channel) {
                Some((count, seq)) if *count == EVENTS => {
                    self.open.insert(*channel, *seq);
                }
                _ => {
                    self.open.remove(channel);
                    if self.next.is_some_and(|next| channel.0 > next) {
                        self.ahead.insert(*channel);
                    }
                }
            }
        }
        Ok(())
    }
}
