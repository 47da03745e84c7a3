//! What channels and people's memberships hand to sockets.

use crate::live::batch::Batch;
use crate::live::frame::{EphemeralFrame, LoggedFrame};
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::sync::Arc;

/// What a channel gives to its subscribers.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// The frames of the next events.
    Logged(Arc<Batch>),
    /// An ephemeral frame.
    Ephemeral(Arc<EphemeralFrame>),
    /// The frame of an event about the caller's own membership, in whichever channel.
    Membership(Arc<LoggedFrame>),
    /// An ephemeral frame for the caller alone, about whichever channel.
    Personal(Arc<EphemeralFrame>),
    /// Events up to this number are lost to the log; the next frame has the number after it.
    Reload(ChannelId, Seq),
    /// The channel has been deleted.
    Gone(ChannelId),
}

impl Delivery {
    /// The channel that it comes from.
    pub fn channel(&self) -> ChannelId {
        match self {
            Self::Logged(batch) => batch.channel(),
            Self::Membership(frame) => frame.channel,
            Self::Ephemeral(frame) | Self::Personal(frame) => frame.channel,
            Self::Reload(channel, _) | Self::Gone(channel) => *channel,
        }
    }

    /// How many frames it has.
    pub fn frames(&self) -> usize {
        match self {
            Self::Logged(batch) => batch.frames().len(),
            _ => 1,
        }
    }

    /// The bytes of its text.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Logged(batch) => batch.text_bytes(),
            Self::Membership(frame) => frame.text.len(),
            Self::Ephemeral(frame) | Self::Personal(frame) => frame.text.len(),
            Self::Reload(..) | Self::Gone(_) => 0,
        }
    }
}
