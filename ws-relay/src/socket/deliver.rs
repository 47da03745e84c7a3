//! What a channel hands to a socket, for as long as the caller may read it.

use crate::access::{Access, Unavailable};
use crate::live::batch::Batch;
use crate::live::delivery::Delivery;
use crate::live::frame::LoggedFrame;
use crate::live::subscriber::Generation;
use crate::socket::connection::End;
use crate::socket::session::Session;
use crate::sparingly::Sparingly;
use messaging_core::event::AccessEffect;
use messaging_core::ids::ChannelId;
use messaging_core::socket::CloseCode;
use std::sync::Arc;

static UNCHECKED: Sparingly = Sparingly::new();

impl Session {
    /// Whether a delivery belongs to a subscription that has not ended.
    pub(super) fn is_current(&self, delivery: &Delivery, generation: Generation) -> bool {
        self.subscriptions.get(&delivery.channel()).is_some_and(|subscription| subscription.generation == generation)
    }

    /// Sends the frames of events. Where they are the next ones and nobody's access hangs on them, they go out as they are.
    pub(super) async fn deliver_all(&mut self, batch: &Batch) -> Result<(), End> {
        match self.subscriptions.get_mut(&batch.channel()) {
            Some(subscription) if batch.changes_nothing() && batch.first() == subscription.delivered + 1 => {
                subscription.delivered = batch.last();
                self.count(batch.frames().len(), batch.text_bytes());
                self.connection.pass_on(batch).await
            }
            _ => Box::pin(self.deliver_each(batch.frames())).await,
        }
    }

    /// Sends the frames of events, one after the other.
    pub(super) async fn deliver_each(&mut self, frames: &[Arc<LoggedFrame>]) -> Result<(), End> {
        for frame in frames {
            self.deliver(frame).await?;
        }
        Ok(())
    }

    /// Sends the frame of an event when it is the next one of its channel's subscription.
    async fn deliver(&mut self, frame: &LoggedFrame) -> Result<(), End> {
        let Some(subscription) = self.subscriptions.get(&frame.channel) else { return Ok(()) };
        if frame.seq <= subscription.delivered {
            return Ok(());
        }
        if frame.seq != subscription.delivered + 1 {
            // The channel's task hands frames out in order. If one is missing after all, the client resumes.
            tracing::error!(channel = %frame.channel, seq = frame.seq, "an event came out of order");
            return Err(End::Close(CloseCode::TryAgain));
        }
        let caller = self.caller.as_ref().map(|caller| caller.id());
        let is_agent = caller.is_some_and(|caller| caller.is_agent());
        let mut openness = subscription.openness;
        let (before, after) = match &frame.access_effect {
            // Those who may not read a channel any more do not learn what it has become.
            AccessEffect::Everybody => (true, false),
            AccessEffect::Channel(now) => (now.matters(std::mem::replace(&mut openness, *now), is_agent), false),
            // A member who loses the channel sees that event as the last one.
            AccessEffect::Member(id) => (false, caller == Some(id)),
            AccessEffect::Nobody => (false, false),
        };
        let is_own = frame.concerns.is_some() && frame.concerns.as_ref() == caller;
        let undecided = frame.seq > subscription.checked;
        if undecided && before && !self.may_still_read(frame.channel).await? {
            return Ok(());
        }
        if let Some(subscription) = self.subscriptions.get_mut(&frame.channel) {
            subscription.delivered = frame.seq;
            if undecided && !before {
                subscription.openness = openness;
            }
        }
        if is_own {
            self.memberships.told(frame);
        }
        self.say(&frame.text).await?;
        if undecided && after {
            self.may_still_read(frame.channel).await?;
        }
        Ok(())
    }

    /// Decides again whether the caller may read a channel. Nothing goes out meanwhile; if not, the subscription ends.
    pub(super) async fn may_still_read(&mut self, channel: ChannelId) -> Result<bool, End> {
        let (checks, caller) = (self.app.access.clone(), self.caller.clone());
        let access = self.connection.meanwhile(checks.check(caller.as_ref(), channel)).await?;
        let reason = match access {
            Ok(Access::Granted { head, openness }) => {
                if let Some(subscription) = self.subscriptions.get_mut(&channel) {
                    subscription.checked = head;
                    subscription.openness = openness;
                }
                return Ok(true);
            }
            Ok(Access::Denied | Access::Unknown) => CloseCode::AccessLost,
            Ok(Access::Gone) => CloseCode::ChannelGone,
            Err(e) => {
                unchecked(&e);
                CloseCode::TryAgain
            }
        };
        self.lose(channel, reason).await?;
        Ok(false)
    }
}

/// Logs that access could not be decided.
pub(super) fn unchecked(e: &Unavailable) {
    if let Some(left_out) = UNCHECKED.permit() {
        tracing::warn!(left_out, "access cannot be checked: {e}");
    }
}
