//! The payloads of the events, for consumers. The types ignore fields that they do not know, so that a program built
//! with them outlives the next version of the service.

use crate::channel::{Channel, Visibility};
use crate::event::Seq;
use crate::ids::{ChannelId, EntityId, MessageId, MicrodaoId};
use crate::member::{Member, MemberType, Role};
use crate::mention::Mention;
use crate::message::Message;
use crate::preview::Preview;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What every event carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct EventEnvelope {
    /// Names the event. An event that is published again keeps its id.
    pub event_id: Uuid,
    /// The channel.
    pub channel_id: ChannelId,
    /// The microDAO that the channel belongs to.
    pub microdao_id: MicrodaoId,
    /// The event's number in its channel, without a hole. An `integration` event carries the number of the event that
    /// it accompanies.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub seq: Seq,
}

/// The payload of `messaging.message.created`, `.updated` and `.deleted`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MessageEvent {
    /// What every event carries.
    #[serde(flatten)]
    pub envelope: EventEnvelope,
    /// The message.
    pub message_id: MessageId,
    /// The message's event in the room.
    pub matrix_event_id: String,
    /// The sender.
    pub sender_id: EntityId,
    /// Whether the sender is a person or an agent.
    pub sender_type: MemberType,
    /// The same as `content_preview`.
    #[cfg_attr(feature = "openapi", schemars(length(max = crate::text::PREVIEW_CHARACTERS)))]
    pub preview: String,
    /// The first 500 characters; empty when the message is encrypted or deleted.
    #[cfg_attr(feature = "openapi", schemars(length(max = crate::text::PREVIEW_CHARACTERS)))]
    pub content_preview: String,
    /// When the message was sent.
    pub created_at: Timestamp,
    /// Who is meant by it, as the message has it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(required, !default, length(max = crate::mention::MAX_MENTIONS)))]
    pub mentions: Vec<Mention>,
    /// The message after the change.
    pub message: Message,
    /// Who deleted the message; only in `.deleted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "EntityId"))]
    pub actor_id: Option<EntityId>,
}

/// The payload of `messaging.channel.created`, `.updated` and `.archived`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ChannelEvent {
    /// What every event carries.
    #[serde(flatten)]
    pub envelope: EventEnvelope,
    /// The room behind the channel.
    pub matrix_room_id: String,
    /// Who made the channel.
    pub created_by: EntityId,
    /// Who may see the channel.
    pub visibility: Visibility,
    /// The channel after the change.
    pub channel: Channel,
    /// Who changed or archived the channel; absent from `.created`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "EntityId"))]
    pub actor_id: Option<EntityId>,
    /// How many members' roles or capabilities changed at once, when that are too many for an event each; only in
    /// `.updated`. Who shows the members reads them again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "u64"))]
    pub members_changed: Option<u64>,
}

/// The payload of `messaging.member.invited`, `.joined`, `.left`, `.kicked` and `.role_changed`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MemberEvent {
    /// What every event carries.
    #[serde(flatten)]
    pub envelope: EventEnvelope,
    /// The member.
    pub member_id: EntityId,
    /// Whether the member is a person or an agent.
    pub member_type: MemberType,
    /// The member's role after the change, or the last one.
    pub role: Role,
    /// Who invited the member; `null` when nobody did.
    pub invited_by: Option<EntityId>,
    /// Who did it: the member in `.joined` and `.left`.
    pub actor_id: EntityId,
    /// The membership after the change.
    pub member: Member,
    /// They were banned, which need not have been members; only in `.kicked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "bool"))]
    pub banned: Option<bool>,
}

/// The payload of `messaging.reaction.added` and `.removed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ReactionEvent {
    /// What every event carries.
    #[serde(flatten)]
    pub envelope: EventEnvelope,
    /// The message.
    pub message_id: MessageId,
    /// Who reacted.
    pub reactor_id: EntityId,
    /// The reaction.
    pub emoji: String,
}

/// The payload of `messaging.message.pinned` and `.unpinned`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct PinEvent {
    /// What every event carries.
    #[serde(flatten)]
    pub envelope: EventEnvelope,
    /// The message.
    pub message_id: MessageId,
    /// Who did it.
    pub actor_id: EntityId,
}

/// The payload of `messaging.message.preview`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct PreviewEvent {
    /// What every event carries.
    #[serde(flatten)]
    pub envelope: EventEnvelope,
    /// The message.
    pub message_id: MessageId,
    /// What its links show from here on.
    #[cfg_attr(feature = "openapi", schemars(length(max = crate::preview::MAX_LINKS)))]
    pub previews: Vec<Preview>,
    /// Who removed one; absent when one has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "EntityId"))]
    pub actor_id: Option<EntityId>,
    /// The message after the change.
    pub message: Message,
}

/// The payload of `integration.matrix.message`. Its `event_id` is the Matrix event's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MatrixMessageEvent {
    /// The channel.
    pub channel_id: ChannelId,
    /// The microDAO that the channel belongs to.
    pub microdao_id: MicrodaoId,
    /// The number of the `messaging.message.created` that it accompanies.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub seq: Seq,
    /// The room.
    pub room_id: String,
    /// The Matrix event.
    pub event_id: String,
    /// Who sent the event.
    pub sender_matrix_id: String,
    /// The event's type in Matrix, for example `m.room.message`.
    pub r#type: String,
    /// When the event was sent, in milliseconds since 1970.
    pub timestamp: i64,
    /// The event's content; empty when the channel is encrypted or the message deleted.
    pub content: Map<String, Value>,
}

/// The payload of `integration.matrix.room.created`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MatrixRoomCreatedEvent {
    /// What every event carries.
    #[serde(flatten)]
    pub envelope: EventEnvelope,
    /// The room.
    pub room_id: String,
    /// The Matrix id of who made the channel.
    pub sender_matrix_id: String,
    /// Always `m.room.create`.
    pub r#type: String,
    /// When the channel was made, in milliseconds since 1970.
    pub timestamp: i64,
    /// Always empty.
    pub content: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::json;

    fn assert_same<T: Serialize + DeserializeOwned>(payload: &Value) {
        let read: T = serde_json::from_value(payload.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), *payload);
    }

    fn with(mut payload: Value, field: &str, value: Value) -> Value {
        payload[field] = value;
        payload
    }

    const ID: &str = "00000000-0000-0000-0000-000000000001";

    #[test]
    fn payloads_are_what_the_index_writes() {
        let envelope = json!({"event_id": ID, "channel_id": ID, "microdao_id": "microdao:daarion", "seq": 7});
        let member = ["member_id", "actor_id"].into_iter().fold(envelope.clone(), |p, f| with(p, f, json!("user:bob")));
        let member = with(with(member, "member_type", json!("human")), "role", json!("member"));
        let row = json!({"id": ID, "channel_id": ID, "member_id": "user:bob", "member_type": "human",
            "matrix_user_id": "@user-bob:x", "role": "member", "can_read": true, "can_write": true, "can_invite": false,
            "can_kick": false, "can_create_tasks": false, "matrix_power_level": 0, "invited_by": "user:alice",
            "invited_at": "2026-01-01T00:00:00.000000Z", "joined_at": null, "left_at": null, "banned_at": null,
            "display_name": null, "avatar_url": null});
        let member = with(member, "member", row);
        assert_same::<MemberEvent>(&with(member.clone(), "invited_by", Value::Null));
        assert_same::<MemberEvent>(&with(with(member, "invited_by", json!("user:alice")), "banned", json!(true)));
        let reaction = with(with(envelope.clone(), "message_id", json!(ID)), "reactor_id", json!("agent:sofia"));
        assert_same::<ReactionEvent>(&with(reaction, "emoji", json!("👍")));
        let pin = with(with(envelope.clone(), "message_id", json!(ID)), "actor_id", json!("user:alice"));
        assert_same::<PinEvent>(&pin);
        let at = "2026-01-01T00:00:00.000000Z";
        let message = json!({"id": ID, "channel_id": ID, "seq": 7, "matrix_event_id": "$e", "sender_id": "user:alice",
            "sender_type": "human", "content_preview": "hi", "is_encrypted": false, "truncated": false, "content_type": "text", "thread_id": null, "reply_to": null,
            "edited_at": null, "deleted_at": null, "created_at": at, "mentions": ["user:bob", "room"], "previews": [], "poll_ended_at": null, "file": null,
            "sender_name": null, "sender_avatar_url": null});
        let created = json!({"event_id": ID, "channel_id": ID, "microdao_id": "microdao:daarion", "seq": 7,
            "message_id": ID, "matrix_event_id": "$e", "sender_id": "user:alice", "sender_type": "human",
            "preview": "hi", "content_preview": "hi", "created_at": at, "mentions": ["user:bob", "room"], "message": message});
        assert_same::<MessageEvent>(&created);
        assert_same::<MessageEvent>(&with(created, "actor_id", json!("user:bob")));
        let matrix = json!({"room_id": "!r", "sender_matrix_id": "@bob:x", "timestamp": 1_700_000_000_000_i64,
            "type": "m.room.message", "content": {"body": "hi"}});
        let matrix = matrix.as_object().unwrap().iter().fold(envelope, |p, (f, v)| with(p, f, v.clone()));
        assert_same::<MatrixRoomCreatedEvent>(&matrix);
        assert_same::<MatrixMessageEvent>(&with(matrix, "event_id", json!("$event")));
    }
}
