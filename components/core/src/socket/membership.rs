//! What a signed-in socket hears of the caller's own memberships without subscribing.

use crate::channel::Channel;
use crate::event::{ChannelEvent, MemberEvent, Seq};
use crate::ids::ChannelId;
use crate::receipt::Reading;
use serde::{Deserialize, Serialize};

/// The `type` of a [`MembershipFrame`].
pub const MEMBERSHIP: &str = "membership";

/// The `type` of the frame with a [`Reading`].
pub const UNREAD_UPDATED: &str = "unread.updated";

/// Every frame that comes to a socket because of who opened it, and not because of a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum PersonalFrame {
    /// What a channel is to the caller has changed: they have read further, muted it or marked it, on whichever device. It is
    /// stored nowhere and may be dropped. It also comes once for a subscription, before the channel's frames come live.
    #[serde(rename = "unread.updated")]
    UnreadUpdated(Reading),
    /// A membership of the caller began, changed or ended: a channel that they made, an invitation, a direct channel,
    /// joining, leaving, being removed, another role. It comes on every signed-in socket without a subscription, once
    /// for an event: not when the event comes, or came, as a frame of a channel that the socket is subscribed to. Who
    /// is no member of a new channel hears of none: lists of public and microDAO channels are read over REST. More
    /// than 100 roles that change at once are told to nobody one by one.
    Membership(Box<MembershipFrame>),
}

/// A change of one of the caller's memberships.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MembershipFrame {
    /// The channel.
    pub channel_id: ChannelId,
    /// The event's number in its channel. Subscribe with it as `since_seq` to get what comes after. It is no number
    /// of the socket's own subscriptions: a socket that is not subscribed to the channel misses nothing by a hole.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub seq: Seq,
    /// The event, as the channel's subscribers get it.
    pub event: MembershipEvent,
    /// The channel as it is when the frame is sent; absent when the caller may not know of it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Channel"))]
    pub channel: Option<Channel>,
}

/// The events that concern one person's membership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(tag = "type")]
pub enum MembershipEvent {
    /// The caller made the channel, and is its owner.
    #[serde(rename = "channel.created")]
    ChannelCreated(ChannelEvent),
    /// The caller was invited.
    #[serde(rename = "member.invited")]
    MemberInvited(MemberEvent),
    /// The caller joined.
    #[serde(rename = "member.joined")]
    MemberJoined(MemberEvent),
    /// The caller left.
    #[serde(rename = "member.left")]
    MemberLeft(MemberEvent),
    /// The caller was removed by somebody else.
    #[serde(rename = "member.kicked")]
    MemberKicked(MemberEvent),
    /// The caller's role or capabilities changed.
    #[serde(rename = "member.role_changed")]
    MemberRoleChanged(MemberEvent),
}
