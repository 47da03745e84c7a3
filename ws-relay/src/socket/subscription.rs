//! A subscription of a socket to a channel: how it begins, catches up, keeps its order, and ends.

use crate::access::{Access, Unavailable};
use crate::live::command::Joined;
use crate::live::log::LogPage;
use crate::live::resumes::Outcome;
use crate::live::subscriber::Generation;
use crate::metrics::ResumeOutcome;
use crate::socket::connection::End;
use crate::socket::deliver::unchecked;
use crate::socket::resume::{self, Next};
use crate::socket::session::Session;
use crate::sparingly::Sparingly;
use messaging_core::event::{Openness, Seq};
use messaging_core::ids::ChannelId;
use messaging_core::socket::{CloseCode, ErrorCode, MAX_CHANNELS, MAX_RESUMED_EVENTS, Notice};
use std::time::Duration;
use tokio::time::sleep;

/// The pause before the log is read again because the live stream was still ahead of it.
const AGAIN: Duration = Duration::from_millis(10);

static UNREAD: Sparingly = Sparingly::new();

/// A socket's subscription to a channel.
pub struct Subscription {
    /// The number of the last event that went out.
    pub(super) delivered: Seq,
    /// The number up to which the caller's right to read is decided.
    pub(super) checked: Seq,
    /// What that was decided by, or the channel has become since without a change for the caller.
    pub(super) openness: Openness,
    /// The generation of the deliveries that belong to it.
    pub(super) generation: Generation,
    /// Whether the client gets frames besides those of events.
    pub(super) takes_notices: bool,
    /// Whether the client has asked for what it missed, and has neither got all of it nor been told to reload.
    pub(super) resumes: bool,
}

/// The end of something that a subscription waited for.
pub enum Step {
    /// Whether the caller may read the channel, and from behind which number they want it.
    Checked(ChannelId, Option<Seq>, Result<Access, Unavailable>),
    /// A page of the log.
    Page(ChannelId, Outcome),
    /// Whether the live stream takes over.
    Joined(ChannelId, Joined),
}

impl Session {
    /// Begins the subscription to a channel that the caller may read: it was decided by `openness` when the channel's
    /// last number was `head`.
    pub(super) async fn begin(
        &mut self,
        channel: ChannelId,
        head: Seq,
        openness: Openness,
        since: Option<Seq>,
    ) -> Result<(), End> {
        // The platform's first clients know no notices; they never ask for a resume.
        let takes_notices = self.many || since.is_some();
        if takes_notices {
            self.notify(&Notice::Subscribed { channel_id: channel, seq: head }).await?;
        }
        self.catching = Some(channel);
        self.subscriber.generation = self.subscriber.generation.wrapping_add(1);
        let (delivered, generation) = (since.unwrap_or(head), self.subscriber.generation);
        let resumes = since.is_some();
        let subscription = Subscription { delivered, checked: head, openness, generation, takes_notices, resumes };
        self.subscriptions.insert(channel, subscription);
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
            let (access, caller) = (self.app.access.clone(), self.caller.clone());
            self.step =
                Some(Box::pin(
                    async move { Step::Checked(channel, since, access.check(caller.as_ref(), channel).await) },
                ));
        }
    }

    fn read(&mut self, channel: ChannelId, after: Seq, pause: Duration) {
        let resumes = self.app.hub.resumes.clone();
        self.step = Some(Box::pin(async move {
            // The timer's smallest wait is a millisecond, as long as a page takes.
            if !pause.is_zero() {
                sleep(pause).await;
            }
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
                Ok(Access::Granted { head, openness }) => self.begin(channel, head, openness, since).await?,
                Ok(Access::Denied | Access::Unknown | Access::Gone) => {
                    self.refuse(channel, ErrorCode::NotFound).await?
                }
                Err(e) => {
                    unchecked(&e);
                    self.refuse(channel, ErrorCode::Unavailable).await?;
                }
            },
            Step::Page(channel, Ok(Some(page))) => self.page(channel, page).await?,
            Step::Page(channel, Ok(None)) => self.lose(channel, CloseCode::ChannelGone).await?,
            Step::Page(channel, Err(e)) => {
                if let Some(left_out) = UNREAD.permit() {
                    tracing::warn!(left_out, %channel, "the log cannot be read: {e}");
                }
                self.lose(channel, CloseCode::TryAgain).await?;
            }
            Step::Joined(channel, Joined::Behind) => {
                let after = self.subscriptions.get(&channel).map_or(0, |subscription| subscription.delivered);
                self.read(channel, after, AGAIN);
            }
            Step::Joined(channel, Joined::Live) => {
                self.resumed(channel, ResumeOutcome::CaughtUp);
                self.tell_reading(channel).await?;
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
                // Access may have been lost with what is not there any more.
                if self.subscriptions.contains_key(&channel) {
                    self.join(channel, seq);
                }
            }
            Next::Frames { frames, is_end } => {
                self.deliver_each(&frames).await?;
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

    /// Tells the client that events are lost to it, and goes on behind `seq`. Access may have been lost with one of them,
    /// or, when the numbers go back, with one that was never told.
    pub(super) async fn reload(&mut self, channel: ChannelId, seq: Seq) -> Result<(), End> {
        let undecided = |subscription: &Subscription| seq > subscription.checked || seq < subscription.delivered;
        let undecided = self.subscriptions.get(&channel).is_some_and(undecided);
        if undecided && !self.may_still_read(channel).await? {
            return Ok(());
        }
        if let Some(subscription) = self.subscriptions.get_mut(&channel) {
            subscription.delivered = seq;
            self.app.metrics.reloads.inc();
            self.resumed(channel, ResumeOutcome::Reloaded);
            self.notify(&Notice::Reload { channel_id: channel, seq }).await?;
        }
        Ok(())
    }

    /// Ends a subscription that cannot go on; a socket for that channel alone is closed.
    pub(super) async fn lose(&mut self, channel: ChannelId, reason: CloseCode) -> Result<(), End> {
        self.resumed(channel, ResumeOutcome::Failed);
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

    /// Counts how a resume ended, once.
    fn resumed(&mut self, channel: ChannelId, outcome: ResumeOutcome) {
        if let Some(subscription) = self.subscriptions.get_mut(&channel).filter(|subscription| subscription.resumes) {
            subscription.resumes = false;
            self.app.metrics.resumed(outcome);
        }
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
