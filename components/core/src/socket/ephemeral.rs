//! Frames of what holds for a moment only.

use crate::event::Seq;
use crate::ids::{ChannelId, EntityId, MessageId};
use crate::receipt::Receipt;
use serde::{Deserialize, Serialize};

/// An ephemeral frame has at most this many bytes; larger ones are dropped.
pub const MAX_EPHEMERAL_BYTES: usize = 7_900;

/// An ephemeral frame: what holds for a moment only. It has no `seq`, is stored nowhere, has at most 7,900 bytes, comes
/// only while the channel's logged frames come live, and may be dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum EphemeralFrame {
    /// Who types in the channel changed.
    Typing(Typing),
    /// Somebody in the channel has another name or picture.
    #[serde(rename = "profile.updated")]
    ProfileUpdated(ProfileUpdated),
    /// A member has read further, and shows it. Not in a channel of more than 100 members. Whoever sends has read up to their
    /// message: `message.created` says so.
    #[serde(rename = "receipt.updated")]
    ReceiptUpdated(ReceiptUpdated),
    /// How far everybody shows that they have read. It comes once for a subscription, behind what was caught up with and
    /// before the frames that come live. Not in a channel of more than 100 members, and not on a socket for one channel that
    /// asked for no resume.
    Receipts(ReceiptsFrame),
}

/// How far somebody has read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ReceiptUpdated {
    /// The channel.
    pub channel_id: ChannelId,
    /// Who.
    pub member_id: EntityId,
    /// Up to which number. Frames may overtake each other: the largest one counts.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub read_seq: Seq,
    /// The root of the thread that they have read; absent when it is the channel, apart from its threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "MessageId"))]
    pub thread_id: Option<MessageId>,
}

/// How far the members of a channel have read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ReceiptsFrame {
    /// The channel.
    pub channel_id: ChannelId,
    /// Those who show it.
    #[cfg_attr(feature = "openapi", schemars(length(max = 100)))]
    pub receipts: Vec<Receipt>,
}

/// Who types in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Typing {
    /// The channel.
    pub channel_id: ChannelId,
    /// Who types at the moment, at most 50 of them, the client's own caller too; empty when the last one stopped. The list
    /// comes anew whenever it changes, also when somebody's 10 seconds are over. A frame may be lost, so a client forgets a
    /// typist of whom it heard nothing for 60 seconds.
    #[cfg_attr(feature = "openapi", schemars(length(max = 50)))]
    pub member_ids: Vec<EntityId>,
}

/// A member's new name and picture. It comes in the 100 channels of theirs in which something was said last; what is read again
/// over REST has both in any case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ProfileUpdated {
    /// The channel.
    pub channel_id: ChannelId,
    /// Who it is.
    pub member_id: EntityId,
    /// What they are called now; `null` when they have no name any more.
    pub display_name: Option<String>,
    /// Their picture, an `mxc://` address.
    pub avatar_url: Option<String>,
}
