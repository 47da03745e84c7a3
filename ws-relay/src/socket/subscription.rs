//! A subscription of a socket to a channel: how it begins, catches up, keeps its order, and ends.

use crate::access::{self, Access};
use crate::database::DatabaseError;
use crate::live::channel::Joined;
use crate::live::frame::LoggedFrame;
use crate::live::log::LogPage;
use crate::live::resumes::Outcome;
use crate::live::subscriber::{Delivery, Generation};
use crate::socket::connection::End;
use crate::socket::resume::{self, Next};
use crate::socket::session::Session;
use messaging_core::event::{AccessEffect, Seq};
use messaging_core::ids::ChannelId;
use messaging_core::socket::{CloseCode, ErrorCode, MAX_CHANNELS, MAX_RESUMED_EVENTS, Notice};
use std::time::Duration;
use tokio::time::sleep;

/// The pause before the log is read again because the live stream was still ahead of it.
const AGAIN: Duration = Duration::from_millis(10);

/// A socket's subscription to a channel.
pub struct Subscription {
    /// The number of the last event that went out.
    delivered: Seq,
    /// The number up to which the caller's right to read is decided.
    checked: Seq,
    /// The generation of the deliveries that belong to it.
    generation: Generation,
}

/// The end of something that a subscription waited for.
pub enum Step {
    /// Whether the caller may read the channel, and from behind which number they want it.
    Checked(ChannelId, Option<Seq>, Result<Access, DatabaseError>),
    /// A page of the log.
    Page(ChannelId, Outcome),
    /// Whether the live stream takes over.
    Joined(ChannelId, Joined),
}

impl Session {
    /// Begins the subscription to a channel that the caller may read and whose last number is `head`.
    pub(super) async fn begin(&mut self, channel: ChannelId, head: Seq, since: Option<Seq>) -> Result<(), End> {
        // The platform's first clients know no notices; they never ask for a resume.
        if self.many || since.is_some() {
            self.notify(&Notice::Subscribed { channel_id: channel, seq: head }).await?;
        }
        self.catching = Some(channel);
        self.subscriber.generation = self.subscriber.generation.wrapping_add(1);
        let (delivered, generation) = (since.unwrap_or(head), self.subscriber.generation);
        self.subscriptions.insert(channel, Subscription { delivered, checked: head, generation });
        match since {
            // Beyond the channel's end, or too far behind it.
            Some(since) if since > head || head - since > MAX_RESUMED_EVENTS => {
                self.reload(channel, head).await?;
                self.join(channel, head);
            }
            Some(since) if since < head => self.read(channel, since, Duration::ZERO),
            _ => self.join(channel, head),
        }
        Ok(())
    }

    /// The client subscribes to a channel.
    pub(super) async fn subscribe(&mut self, channel: ChannelId, since: Option<Seq>) -> Result<(), End> {
        let waits = self.waiting.iter().any(|(other, _)| *other == channel) || self.catching == Some(channel);
        match (self.subscriptions.get(&channel), since) {
            // It has the channel already.
            (Some(subscription), None) => {
                let seq = subscription.delivered;
                return self.notify(&Notice::Subscribed { channel_id: channel, seq }).await;
            }
            (None, None) if waits => return Ok(()),
            (Some(_), Some(_)) => self.unsubscribe(channel),
            (None, Some(_)) if waits => self.unsubscribe(channel),
            (None, _) => {}
        }
        let checking = usize::from(self.catching.is_some_and(|channel| !self.subscriptions.contains_key(&channel)));
        if self.subscriptions.len() + self.waiting.len() + checking >= MAX_CHANNELS {
            return self.error(channel, ErrorCode::TooManyChannels).await;
        }
        self.waiting.push_back((channel, since));
        self.take_next();
        Ok(())
    }

    /// Ends the subscription to a channel.
    pub(super) fn unsubscribe(&mut self, channel: ChannelId) {
        self.waiting.retain(|(other, _)| *other != channel);
        self.subscriptions.remove(&channel);
        if self.catching == Some(channel) {
            self.catching = None;
            self.step = None;
        }
        self.app.hub.leave(channel, self.subscriber.socket);
        self.take_next();
    }

    /// Turns to the next channel that waits.
    fn take_next(&mut self) {
        if self.catching.is_some() {
            return;
        }
        if let Some((channel, since)) = self.waiting.pop_front() {
            self.catching = Some(channel);
            let (database, caller) = (self.app.database.clone(), self.caller.clone());
            self.step = Some(Box::pin(async move {
                Step::Checked(channel, since, access::check(&database, caller.as_ref(), channel).await)
            }));
        }
    }

    fn read(&mut self, channel: ChannelId, after: Seq, pause: Duration) {
        let resumes = self.app.hub.resumes.clone();
        self.step = Some(Box::pin(async move {
            sleep(pause).await;
            Step::Page(channel, resumes.read(channel, after).await)
        }));
    }

    fn join(&mut self, channel: ChannelId, since: Seq) {
        let (hub, subscriber) = (self.app.hub.clone(), self.subscriber.clone());
        self.step = Some(Box::pin(async move { Step::Joined(channel, hub.join(channel, since, subscriber).await) }));
    }

    /// Goes on with the channel that is being caught up with.
    pub(super) async fn stepped(&mut self, step: Step) -> Result<(), End> {
        match step {
            Step::Checked(channel, since, access) => match access {
                Ok(Access::Granted(head)) => self.begin(channel, head, since).await?,
                Ok(Access::Denied | Access::Gone) => self.refuse(channel, ErrorCode::NotFound).await?,
                Err(e) => {
                    tracing::warn!("access cannot be checked: {e}");
                    self.refuse(channel, ErrorCode::Unavailable).await?;
                }
            },
            Step::Page(channel, Ok(Some(page))) => self.page(channel, page).await?,
            Step::Page(channel, Ok(None)) => self.lose(channel, CloseCode::ChannelGone).await?,
            Step::Page(channel, Err(e)) => {
                tracing::warn!(%channel, "the log cannot be read: {e}");
                self.lose(channel, CloseCode::TryAgain).await?;
            }
            Step::Joined(channel, Joined::Behind) => {
                let after = self.subscriptions.get(&channel).map_or(0, |subscription| subscription.delivered);
                self.read(channel, after, AGAIN);
            }
            Step::Joined(_, Joined::Live) => {
                self.catching = None;
                self.take_next();
            }
        }
        Ok(())
    }

    async fn page(&mut self, channel: ChannelId, page: LogPage) -> Result<(), End> {
        let Some(subscription) = self.subscriptions.get(&channel) else { return Ok(()) };
        match resume::next(subscription.delivered, page) {
            Next::Reload(seq) => {
                self.reload(channel, seq).await?;
                self.join(channel, seq);
            }
            Next::Frames { frames, is_end } => {
                for frame in &frames {
                    self.deliver(frame).await?;
                }
                // Access may have been lost with one of them.
                if let Some(Subscription { delivered, .. }) = self.subscriptions.get(&channel) {
                    let delivered = *delivered;
                    match is_end {
                        true => self.join(channel, delivered),
                        false => self.read(channel, delivered, Duration::ZERO),
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a delivery belongs to a subscription that has not ended.
    pub(super) fn is_current(&self, delivery: &Delivery, generation: Generation) -> bool {
        self.subscriptions.get(&delivery.channel()).is_some_and(|subscription| subscription.generation == generation)
    }

    /// Sends the frame of an event when it is the next one of its channel's subscription.
    pub(super) async fn deliver(&mut self, frame: &LoggedFrame) -> Result<(), End> {
        let Some(subscription) = self.subscriptions.get(&frame.channel) else { return Ok(()) };
        if frame.seq <= subscription.delivered {
            return Ok(());
        }
        if frame.seq != subscription.delivered + 1 {
            // The channel's task hands frames out in order. If one is missing after all, the client resumes.
            tracing::error!(channel = %frame.channel, seq = frame.seq, "an event came out of order");
            return Err(End::Close(CloseCode::TryAgain));
        }
        let caller = self.caller.as_ref();
        let (before, after) = match &frame.access_effect {
            // Those who may not read a channel any more do not learn what it has become.
            AccessEffect::Everybody => (true, false),
            AccessEffect::Agents => (caller.is_some_and(|caller| caller.id().is_agent()), false),
            // A member who loses the channel sees that event as the last one.
            AccessEffect::Member(id) => (false, caller.is_some_and(|caller| *caller.id() == *id)),
            AccessEffect::Nobody => (false, false),
        };
        let undecided = frame.seq > subscription.checked;
        if undecided && before && !self.may_still_read(frame.channel).await? {
            return Ok(());
        }
        if let Some(subscription) = self.subscriptions.get_mut(&frame.channel) {
            subscription.delivered = frame.seq;
        }
        self.say(frame.text.clone()).await?;
        if undecided && after {
            self.may_still_read(frame.channel).await?;
        }
        Ok(())
    }

    /// Decides again whether the caller may read a channel. Nothing goes out meanwhile; if not, the subscription ends.
    async fn may_still_read(&mut self, channel: ChannelId) -> Result<bool, End> {
        let (database, caller) = (self.app.database.clone(), self.caller.clone());
        let access = self.connection.meanwhile(access::check(&database, caller.as_ref(), channel)).await?;
        let reason = match access {
            Ok(Access::Granted(head)) => {
                if let Some(subscription) = self.subscriptions.get_mut(&channel) {
                    subscription.checked = head;
                }
                return Ok(true);
            }
            Ok(Access::Denied) => CloseCode::AccessLost,
            Ok(Access::Gone) => CloseCode::ChannelGone,
            Err(e) => {
                tracing::warn!("access cannot be checked: {e}");
                CloseCode::TryAgain
            }
        };
        self.lose(channel, reason).await?;
        Ok(false)
    }

    /// Tells the client that events are lost to it, and goes on behind `seq`.
    pub(super) async fn reload(&mut self, channel: ChannelId, seq: Seq) -> Result<(), End> {
        if let Some(subscription) = self.subscriptions.get_mut(&channel) {
            subscription.delivered = seq;
            self.app.metrics.reloads.inc();
            self.notify(&Notice::Reload { channel_id: channel, seq }).await?;
        }
        Ok(())
    }

    /// Ends a subscription that cannot go on; a socket for that channel alone is closed.
    pub(super) async fn lose(&mut self, channel: ChannelId, reason: CloseCode) -> Result<(), End> {
        if !self.many {
            return Err(End::Close(reason));
        }
        if self.subscriptions.contains_key(&channel) {
            let code = match reason {
                CloseCode::AccessLost => ErrorCode::AccessLost,
                CloseCode::ChannelGone => ErrorCode::ChannelGone,
                _ => ErrorCode::Unavailable,
            };
            self.unsubscribe(channel);
            self.error(channel, code).await?;
        }
        Ok(())
    }

    /// Tells the client that it does not get a channel.
    async fn refuse(&mut self, channel: ChannelId, code: ErrorCode) -> Result<(), End> {
        self.catching = None;
        self.take_next();
        self.error(channel, code).await
    }

    async fn error(&mut self, channel: ChannelId, code: ErrorCode) -> Result<(), End> {
        self.notify(&Notice::Error { channel_id: channel.to_string(), code }).await
    }
}
