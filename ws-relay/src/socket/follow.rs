//! How a session comes to a channel's events, keeps them in order, and loses them again.

use crate::access::{self, Access};
use crate::database::DatabaseError;
use crate::event::{Affects, Frame, Seq};
use crate::live::channel::Joined;
use crate::live::log::{self, LogPage, PAGE};
use crate::live::outlet::{Delivery, Membership};
use crate::socket::close::Close;
use crate::socket::notice;
use crate::socket::resume::{self, Next};
use crate::socket::session::Session;
use crate::socket::wire::End;
use messaging_core::ids::ChannelId;
use std::time::Duration;
use tokio::time::sleep;

/// Channels of one socket at most.
pub const CHANNELS: usize = 1000;
/// The pause before the log is read again because the live stream was still ahead of it.
const AGAIN: Duration = Duration::from_millis(10);

/// A channel that a session follows.
pub struct Following {
    /// The last number that went out.
    delivered: Seq,
    /// The number up to which the caller's right to read is decided.
    checked: Seq,
    /// What its deliveries carry.
    membership: Membership,
}

/// Something that a session waited for.
pub enum Step {
    /// Whether the caller may read a channel.
    Checked(ChannelId, Option<Seq>, Result<Access, DatabaseError>),
    /// What the log has.
    Page(ChannelId, Result<Option<LogPage>, DatabaseError>),
    /// Whether the live stream takes over.
    Joined(ChannelId, Joined),
}

impl Session {
    /// Takes a channel on that the caller may read and that stands at `head`.
    pub(super) async fn begin(&mut self, channel: ChannelId, head: Seq, since: Option<Seq>) -> Result<(), End> {
        // Clients of old know events only, and never ask for a resume.
        if self.many || since.is_some() {
            self.say(notice::subscribed(channel, head)).await?;
        }
        self.catching = Some(channel);
        self.outlet.membership = self.outlet.membership.wrapping_add(1);
        let membership = self.outlet.membership;
        self.following.insert(channel, Following { delivered: since.unwrap_or(head), checked: head, membership });
        match since {
            Some(since) if since > head => {
                self.reload(channel, head).await?;
                self.join(channel, head);
            }
            Some(since) if since < head => self.read(channel, since, Duration::ZERO),
            _ => self.join(channel, head),
        }
        Ok(())
    }

    /// The client asks for a channel.
    pub(super) async fn subscribe(&mut self, channel: ChannelId, since: Option<Seq>) -> Result<(), End> {
        let waits = self.waiting.iter().any(|(other, _)| *other == channel) || self.catching == Some(channel);
        match (self.following.get(&channel), since) {
            // What it has already it need not ask for.
            (Some(following), None) => {
                let seq = following.delivered;
                return self.say(notice::subscribed(channel, seq)).await;
            }
            (None, None) if waits => return Ok(()),
            (Some(_), Some(_)) => self.unsubscribe(channel),
            (None, Some(_)) if waits => self.unsubscribe(channel),
            (None, _) => {}
        }
        let checking = usize::from(self.catching.is_some_and(|channel| !self.following.contains_key(&channel)));
        if self.following.len() + self.waiting.len() + checking >= CHANNELS {
            return self.say(notice::error(&channel.to_string(), "too_many_channels")).await;
        }
        self.waiting.push_back((channel, since));
        self.take_next();
        Ok(())
    }

    /// The client wants no more of a channel.
    pub(super) fn unsubscribe(&mut self, channel: ChannelId) {
        self.waiting.retain(|(other, _)| *other != channel);
        self.following.remove(&channel);
        if self.catching == Some(channel) {
            self.catching = None;
            self.step = None;
        }
        self.app.hub.leave(channel, self.outlet.socket);
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
        self.app.metrics.resume_reads.inc();
        let database = self.app.database.clone();
        self.step = Some(Box::pin(async move {
            sleep(pause).await;
            Step::Page(channel, log::read(&database, channel, after).await)
        }));
    }

    fn join(&mut self, channel: ChannelId, since: Seq) {
        let (hub, outlet) = (self.app.hub.clone(), self.outlet.clone());
        self.step = Some(Box::pin(async move { Step::Joined(channel, hub.join(channel, since, outlet).await) }));
    }

    /// Goes on with the channel that is being caught up with.
    pub(super) async fn stepped(&mut self, step: Step) -> Result<(), End> {
        match step {
            Step::Checked(channel, since, access) => match access {
                Ok(Access::Granted(head)) => self.begin(channel, head, since).await?,
                Ok(Access::Denied | Access::Gone) => self.refuse(channel, "not_found").await?,
                Err(e) => {
                    tracing::warn!("access cannot be checked: {e}");
                    self.refuse(channel, "unavailable").await?;
                }
            },
            Step::Page(channel, Ok(Some(page))) => self.page(channel, page).await?,
            Step::Page(channel, Ok(None)) => self.lose(channel, Close::ChannelGone).await?,
            Step::Page(channel, Err(e)) => {
                tracing::warn!(%channel, "the log cannot be read: {e}");
                self.lose(channel, Close::TryAgain).await?;
            }
            Step::Joined(channel, Joined::Behind) => {
                let after = self.following.get(&channel).map_or(0, |following| following.delivered);
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
        let Some(following) = self.following.get(&channel) else { return Ok(()) };
        match resume::next(following.delivered, page) {
            Next::Reload(seq) => {
                self.reload(channel, seq).await?;
                self.join(channel, seq);
            }
            Next::Frames(frames) => {
                for frame in &frames {
                    self.deliver(frame).await?;
                }
                // Access may have been lost with one of them.
                if let Some(Following { delivered, .. }) = self.following.get(&channel) {
                    let delivered = *delivered;
                    match frames.len() < PAGE {
                        true => self.join(channel, delivered),
                        false => self.read(channel, delivered, Duration::ZERO),
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a delivery belongs to a membership that has not ended.
    pub(super) fn is_current(&self, delivery: &Delivery, membership: Membership) -> bool {
        let channel = match delivery {
            Delivery::Event(frame) => frame.channel,
            Delivery::Reload(channel, _) | Delivery::Gone(channel) => *channel,
        };
        self.following.get(&channel).is_some_and(|following| following.membership == membership)
    }

    /// Sends an event when it is the next one of a channel that the session follows.
    pub(super) async fn deliver(&mut self, frame: &Frame) -> Result<(), End> {
        let Some(following) = self.following.get_mut(&frame.channel) else { return Ok(()) };
        if frame.seq <= following.delivered {
            return Ok(());
        }
        if frame.seq != following.delivered + 1 {
            // Cannot happen; if it does, the client resumes and misses nothing.
            tracing::error!(channel = %frame.channel, seq = frame.seq, "an event came out of order");
            return Err(End::Close(Close::TryAgain));
        }
        let caller = self.caller.as_ref();
        let (before, after) = match &frame.affects {
            // What a channel has become is not for those who may not read it any more.
            Affects::Everyone => (true, false),
            Affects::Agents => (caller.is_some_and(|caller| caller.id().is_agent()), false),
            // Whoever is removed sees that event as the last one.
            Affects::Member(id) => (false, caller.is_some_and(|caller| caller.id().as_str() == id)),
            Affects::Nobody => (false, false),
        };
        let undecided = frame.seq > following.checked;
        if undecided && before && !self.may_still_read(frame.channel).await? {
            return Ok(());
        }
        if let Some(following) = self.following.get_mut(&frame.channel) {
            following.delivered = frame.seq;
        }
        self.say(frame.text.clone()).await?;
        if undecided && after {
            self.may_still_read(frame.channel).await?;
        }
        Ok(())
    }

    /// Asks again; nothing of the channel goes out meanwhile, and nothing at all when the answer is no.
    async fn may_still_read(&mut self, channel: ChannelId) -> Result<bool, End> {
        let (database, caller) = (self.app.database.clone(), self.caller.clone());
        let access = self.wire.meanwhile(access::check(&database, caller.as_ref(), channel)).await?;
        let reason = match access {
            Ok(Access::Granted(head)) => {
                if let Some(following) = self.following.get_mut(&channel) {
                    following.checked = head;
                }
                return Ok(true);
            }
            Ok(Access::Denied) => Close::AccessLost,
            Ok(Access::Gone) => Close::ChannelGone,
            Err(e) => {
                tracing::warn!("access cannot be checked: {e}");
                Close::TryAgain
            }
        };
        self.lose(channel, reason).await?;
        Ok(false)
    }

    /// Tells the client that events are lost to it, and goes on behind `seq`.
    pub(super) async fn reload(&mut self, channel: ChannelId, seq: Seq) -> Result<(), End> {
        if let Some(following) = self.following.get_mut(&channel) {
            following.delivered = seq;
            self.app.metrics.reloads.inc();
            self.say(notice::reload(channel, seq)).await?;
        }
        Ok(())
    }

    /// The session gets no more of a channel; when it was for that channel alone, it is over.
    pub(super) async fn lose(&mut self, channel: ChannelId, reason: Close) -> Result<(), End> {
        if !self.many {
            return Err(End::Close(reason));
        }
        if self.following.contains_key(&channel) {
            let code = match reason {
                Close::AccessLost => "access_lost",
                Close::ChannelGone => "channel_gone",
                _ => "unavailable",
            };
            self.unsubscribe(channel);
            self.say(notice::error(&channel.to_string(), code)).await?;
        }
        Ok(())
    }

    /// A channel that the client asked for and does not get.
    async fn refuse(&mut self, channel: ChannelId, code: &str) -> Result<(), End> {
        self.catching = None;
        self.take_next();
        self.say(notice::error(&channel.to_string(), code)).await
    }
}
