//! The channels that have subscribers on this relay: one task each, from the first subscriber to the last.

use crate::database::Database;
use crate::live::channel::start;
use crate::live::command::{ChannelCommand, Joined};
use crate::live::feed::Feed;
use crate::live::frame::LoggedFrame;
use crate::live::log::Head;
use crate::live::resumes::Resumes;
use crate::live::subscriber::{SocketId, Subscriber};
use crate::metrics::Metrics;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::mpsc::error::SendError;
use tokio::sync::oneshot;

/// How to reach a channel's task.
pub struct Entry {
    /// Bounded by the sockets, each of which has one command per channel under way at most.
    pub commands: UnboundedSender<ChannelCommand>,
    /// How far the task has come.
    pub position: Arc<Mutex<Position>>,
}

/// How far a channel has come on this relay.
#[derive(Debug, Clone)]
pub struct Position {
    /// The number of the last event that was handed out, or behind which the task began.
    pub seq: Seq,
    /// The frame with that number, if it was handed out.
    pub frame: Option<Arc<LoggedFrame>>,
}

/// All channels with subscribers. The lock is held for a look-up, never over an await.
pub struct Hub {
    channels: Mutex<HashMap<ChannelId, Entry>>,
    /// For reading the log when live subscribers wait for it.
    pub database: Database,
    /// For reading the log otherwise.
    pub resumes: Arc<Resumes>,
    /// For logged frames.
    pub nats: async_nats::Client,
    /// For ephemeral frames.
    pub ephemeral_nats: async_nats::Client,
    /// Woken when frames may have been lost, or may be of another life of the database.
    pub doubt: Arc<Notify>,
    /// The numbers of `GET /metrics`.
    pub metrics: Arc<Metrics>,
}

impl Hub {
    /// Has no channels yet.
    pub fn new(database: Database, resumes: Arc<Resumes>, feed: &Feed, metrics: Arc<Metrics>) -> Arc<Self> {
        let (nats, ephemeral_nats) = (feed.client.clone(), feed.ephemeral_client.clone());
        let doubt = feed.doubt.clone();
        Arc::new(Self { channels: Mutex::default(), database, resumes, nats, ephemeral_nats, doubt, metrics })
    }

    /// Subscribes a socket that has everything up to `since` to everything after it.
    pub async fn join(self: &Arc<Self>, channel: ChannelId, since: Seq, subscriber: Subscriber) -> Joined {
        let (joined, outcome) = oneshot::channel();
        {
            let mut channels = self.lock();
            let entry = channels.entry(channel).or_insert_with(|| start(self.clone(), channel, since));
            // The task removes itself under this lock only, so it is there, unless it has failed.
            if let Err(SendError(command)) = entry.commands.send(ChannelCommand::Join { since, subscriber, joined }) {
                *entry = start(self.clone(), channel, since);
                let _ = entry.commands.send(command);
            }
            self.metrics.channels_subscribed.set(count(channels.len()));
        }
        outcome.await.unwrap_or(Joined::Behind)
    }

    /// Takes a socket out of a channel.
    pub fn leave(&self, channel: ChannelId, socket: SocketId) {
        if let Some(entry) = self.lock().get(&channel) {
            let _ = entry.commands.send(ChannelCommand::Leave { socket });
        }
    }

    /// How far every channel has come that has subscribers.
    pub fn positions(&self) -> Vec<(ChannelId, Position)> {
        let position = |entry: &Entry| entry.position.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.lock().iter().map(|(channel, entry)| (*channel, position(entry))).collect()
    }

    /// Lets every channel forget frames that are old.
    pub fn sweep(&self) {
        for entry in self.lock().values() {
            let _ = entry.commands.send(ChannelCommand::Sweep);
        }
    }

    /// Tells a channel how it stands in the database.
    pub fn tell(&self, channel: ChannelId, head: Head) {
        if let Some(entry) = self.lock().get(&channel) {
            let _ = entry.commands.send(ChannelCommand::Head(head));
        }
    }

    /// Ends a channel's task when `idle` says, under the lock, that nobody has joined meanwhile.
    pub fn retire(&self, channel: ChannelId, idle: impl FnOnce() -> bool) -> bool {
        let mut channels = self.lock();
        let ends = idle();
        if ends {
            channels.remove(&channel);
            self.metrics.channels_subscribed.set(count(channels.len()));
        }
        ends
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ChannelId, Entry>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
