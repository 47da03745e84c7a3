//! The WebSocket side of the contract: what `ws-relay` sends, what clients may send, and how a socket ends.
//!
//! `GET /ws/messaging/{channel_id}` carries one channel, `GET /ws/messaging` as many as the client subscribes to. The
//! text `ping` gets the text `pong` back; every other server text is a JSON object with a `type`. Clients ignore
//! types and members that they do not know.

mod close;
mod command;
mod ephemeral;
mod membership;
mod refused;
mod retry_after;

pub use close::*;
pub use command::*;
pub use ephemeral::*;
pub use membership::*;
pub use refused::*;
pub use retry_after::*;

use crate::event::{ChannelEvent, MemberEvent, PinEvent, ReactionEvent, Seq};
use crate::ids::{ChannelId, EntityId, MessageId};
use crate::message::Message;
use crate::preview::Preview;
use serde::{Deserialize, Serialize};
use strum::VariantNames;
use uuid::Uuid;

/// The response to the text [`PING`].
pub const PONG: &str = "pong";

/// A logged frame: an event of a channel. A client that finds a hole in the `seq` of a channel's frames has missed
/// something, and gets it by connecting again with `?since_seq=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(tag = "type")]
pub enum Frame {
    /// A message was sent.
    #[serde(rename = "message.created")]
    MessageCreated(MessageFrame),
    /// A message's text was replaced.
    #[serde(rename = "message.updated")]
    MessageUpdated(MessageFrame),
    /// A message was deleted.
    #[serde(rename = "message.deleted")]
    MessageDeleted(MessageFrame),
    /// The channel was made.
    #[serde(rename = "channel.created")]
    ChannelCreated(ChannelEvent),
    /// The channel changed.
    #[serde(rename = "channel.updated")]
    ChannelUpdated(ChannelEvent),
    /// The channel was archived.
    #[serde(rename = "channel.archived")]
    ChannelArchived(ChannelEvent),
    /// Somebody was invited.
    #[serde(rename = "member.invited")]
    MemberInvited(MemberEvent),
    /// Somebody joined.
    #[serde(rename = "member.joined")]
    MemberJoined(MemberEvent),
    /// A member left.
    #[serde(rename = "member.left")]
    MemberLeft(MemberEvent),
    /// A member was removed by somebody else.
    #[serde(rename = "member.kicked")]
    MemberKicked(MemberEvent),
    /// A member's role or capabilities changed.
    #[serde(rename = "member.role_changed")]
    MemberRoleChanged(MemberEvent),
    /// Somebody reacted to a message.
    #[serde(rename = "reaction.added")]
    ReactionAdded(ReactionEvent),
    /// Somebody took a reaction back.
    #[serde(rename = "reaction.removed")]
    ReactionRemoved(ReactionEvent),
    /// A message was pinned.
    #[serde(rename = "message.pinned")]
    MessagePinned(PinEvent),
    /// A message is pinned no more.
    #[serde(rename = "message.unpinned")]
    MessageUnpinned(PinEvent),
    /// What links of a message show has come, or was removed.
    #[serde(rename = "message.preview")]
    MessagePreview(PreviewFrame),
}

/// A message, and which event it comes with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MessageFrame {
    /// Names the event.
    pub event_id: Uuid,
    /// The channel.
    pub channel_id: ChannelId,
    /// The event's number in its channel. Only in `message.created` is it the message's own, too.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub seq: Seq,
    /// The message after the change.
    pub message: Message,
}

/// What the links of a message show from here on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct PreviewFrame {
    /// Names the event.
    pub event_id: Uuid,
    /// The channel.
    pub channel_id: ChannelId,
    /// The event's number in its channel.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub seq: Seq,
    /// The message.
    pub message_id: MessageId,
    /// What its links show.
    #[cfg_attr(feature = "openapi", schemars(length(max = crate::preview::MAX_LINKS)))]
    pub previews: Vec<Preview>,
    /// Who removed one; absent when one has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "EntityId"))]
    pub actor_id: Option<EntityId>,
}

/// A notice: what the relay itself says about a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, VariantNames)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
#[serde(tag = "type", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Notice {
    /// The channel's frames come from here on: those after the asked `since_seq`, else those after `seq`.
    Subscribed {
        /// The channel.
        channel_id: ChannelId,
        /// The number of the channel's last event; of the last frame when the socket has the channel already.
        #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
        seq: Seq,
    },
    /// No more frames of the channel come, as asked.
    Unsubscribed {
        /// The channel.
        channel_id: ChannelId,
    },
    /// Events between the last frame and `seq` do not come: they are not kept any more, or more than 10,000. The client
    /// reloads the channel over REST. The next frame has the number after `seq`.
    Reload {
        /// The channel.
        channel_id: ChannelId,
        /// The number behind which the frames go on.
        #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
        seq: Seq,
    },
    /// Something about one channel failed or ended. The socket stays open for the others.
    Error {
        /// The channel as the client named it, at most 64 characters of it.
        #[cfg_attr(feature = "openapi", schemars(length(max = MAX_ECHOED_ID)))]
        channel_id: String,
        /// Why.
        code: ErrorCode,
    },
}

/// Why a channel's frames do not come, or come no more. Sent only on a socket for many channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// There is no such channel, or the caller may not read it.
    NotFound,
    /// `since_seq` is not a whole number from 0 on.
    InvalidSinceSeq,
    /// The socket has 1,000 channels already.
    TooManyChannels,
    /// The caller may not read the channel any more.
    AccessLost,
    /// The channel was archived or deleted.
    ChannelGone,
    /// The database does not answer at the moment: subscribe again, with `since_seq`.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventType;
    use serde_json::{Value, json};
    use strum::VariantArray;

    const ID: &str = "00000000-0000-0000-0000-000000000001";

    /// Values of all members that payloads have.
    fn payload() -> Value {
        let channel = json!({
            "id": ID, "slug": "general", "name": "General", "description": null, "microdao_id": "microdao:daarion",
            "matrix_room_id": "!r", "visibility": "public", "is_direct": false, "is_encrypted": false, "topic": null,
            "avatar_url": null, "created_by": "user:alice", "created_at": "2026-01-01T00:00:00.000000Z",
            "updated_at": "2026-01-01T00:00:00.000000Z", "archived_at": null, "link_previews": null, "retention_days": null
        });
        let message = json!({
            "id": ID, "channel_id": ID, "seq": 7, "matrix_event_id": "$e", "sender_id": "user:alice",
            "sender_type": "human", "content_preview": "hi", "is_encrypted": false, "truncated": false, "content_type": "text", "thread_id": null, "reply_to": null,
            "edited_at": null, "deleted_at": null, "created_at": "2026-01-01T00:00:00.000000Z", "mentions": [], "previews": [], "poll_ended_at": null, "file": null,
            "sender_name": "Alice", "sender_avatar_url": null
        });
        let member = json!({
            "id": ID, "channel_id": ID, "member_id": "user:bob", "member_type": "human", "matrix_user_id": "@user-bob:x",
            "role": "member", "can_read": true, "can_write": true, "can_invite": false, "can_kick": false,
            "can_create_tasks": false, "matrix_power_level": 0, "invited_by": "user:alice",
            "invited_at": "2026-01-01T00:00:00.000000Z", "joined_at": null, "left_at": null, "banned_at": null,
            "display_name": null, "avatar_url": "mxc://x/bob"
        });
        json!({
            "event_id": ID, "channel_id": ID, "seq": 7, "microdao_id": "microdao:daarion", "matrix_room_id": "!r",
            "created_by": "user:alice", "visibility": "public", "actor_id": "user:alice", "channel": channel,
             "member_id": "user:bob", "member_type": "human", "role": "member", "invited_by": "user:alice", "member": member, "banned": true,
             "message_id": ID, "reactor_id": "user:bob", "emoji": "👍", "message": message, "members_changed": 150, "previews": [{
                "id": ID, "url": "https://example.org/", "title": "Example", "description": null, "site_name": null, "image": null}]
        })
    }

    #[test]
    fn the_frame_of_every_event_has_the_members_that_its_type_names() {
        for event in EventType::VARIANTS {
            let Some(members) = event.frame_members() else { continue };
            let mut frame = json!({"type": event.text()});
            for member in ["event_id", "channel_id", "seq"].iter().chain(members) {
                frame[member] = payload()[member].clone();
            }
            let read: Frame = serde_json::from_value(frame.clone()).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), frame, "{event:?}");
        }
    }

    #[test]
    fn notices_have_the_members_of_the_contract() {
        let channel_id = ChannelId::parse(ID).unwrap();
        let text = |notice: &Notice| serde_json::to_string(notice).unwrap();
        assert_eq!(
            text(&Notice::Subscribed { channel_id, seq: 4 }),
            format!(r#"{{"type":"subscribed","channel_id":"{ID}","seq":4}}"#)
        );
        assert_eq!(
            text(&Notice::Unsubscribed { channel_id }),
            format!(r#"{{"type":"unsubscribed","channel_id":"{ID}"}}"#)
        );
        assert_eq!(
            text(&Notice::Reload { channel_id, seq: 4 }),
            format!(r#"{{"type":"reload","channel_id":"{ID}","seq":4}}"#)
        );
        assert_eq!(
            text(&Notice::Error { channel_id: "x\"".to_owned(), code: ErrorCode::InvalidSinceSeq }),
            r#"{"type":"error","channel_id":"x\"","code":"invalid_since_seq"}"#
        );
        assert_eq!(Notice::VARIANTS, ["subscribed", "unsubscribed", "reload", "error"]);
    }

    #[test]
    fn an_ephemeral_frame_has_the_members_of_the_contract() {
        for text in [
            format!(r#"{{"type":"typing","channel_id":"{ID}","member_ids":["user:bob"]}}"#),
            format!(
                r#"{{"type":"profile.updated","channel_id":"{ID}","member_id":"user:bob","display_name":"Bob","avatar_url":null}}"#
            ),
        ] {
            let frame: EphemeralFrame = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&frame).unwrap(), text);
        }
    }
}
