//! Events and memberships.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// In: `send`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SendEvent {
    /// The room.
    pub room_id: String,
    /// The entity that sends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Its Matrix id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_matrix_id: Option<String>,
    /// `m.room.message` (when it is left out) or `m.room.encrypted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// `m.text` and the like; not of an encrypted event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msgtype: Option<String>,
    /// The text; not of an encrypted event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// `org.matrix.custom.html` when there is a formatted body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The text as HTML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted_body: Option<String>,
    /// `m.in_reply_to`, `m.thread` or `m.replace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relates_to: Option<Map<String, Value>>,
    /// The transaction id: the same one sends once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txn_id: Option<String>,
    /// Further fields of the event's content: `city.daarion.…`, `m.mentions`, and of an edit its `m.new_content`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub extra_content: Map<String, Value>,
    /// The whole content: of an event that the client has encrypted, or of a message with a file, in place of `msgtype`, `body`,
    /// `format` and `formatted_body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Map<String, Value>>,
}

/// Out: whatever makes an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sent {
    /// The event.
    pub event_id: String,
    /// RFC 3339; when the gateway does not say, the index takes its own time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<String>,
}

/// In: `receipt`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendReceipt {
    /// The room.
    pub room_id: String,
    /// Up to which event.
    pub event_id: String,
    /// Who has read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// Their Matrix id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader_matrix_id: Option<String>,
    /// `m.read`, or `m.read.private`, which the homeserver shows to nobody else.
    pub receipt_type: String,
    /// `main`, or the root of the thread that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// In: `send-reaction`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SendReaction {
    /// The room.
    pub room_id: String,
    /// The event that is reacted to.
    pub event_id: String,
    /// The entity that reacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactor: Option<String>,
    /// Its Matrix id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reactor_matrix_id: Option<String>,
    /// The emoji, 1 to 255 bytes.
    pub emoji: String,
    /// The transaction id: the same one reacts once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txn_id: Option<String>,
}

/// In: `redact`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Redact {
    /// The room.
    pub room_id: String,
    /// The event.
    pub event_id: String,
    /// Shown in Matrix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The entity whose act it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Its Matrix id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_matrix_id: Option<String>,
    /// `false` leaves it at what the person's own power level allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_bot_if_needed: Option<bool>,
}

/// Out: `GET rooms/{room_id}/event/{event_id}/edits`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Edits {
    /// The edits' events, at most 1,000.
    pub event_ids: Vec<String>,
}

/// In: `invite`, `join`, `leave`, `kick`, `ban` and `unban`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct MembershipChange {
    /// The room.
    pub room_id: String,
    /// Whose membership changes, as a Matrix id.
    pub user_id: String,
    /// The entity that invites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter: Option<String>,
    /// Its Matrix id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inviter_matrix_id: Option<String>,
    /// The entity that removes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kicker: Option<String>,
    /// Its Matrix id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kicker_matrix_id: Option<String>,
    /// Shown in Matrix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of an invitation: it is to a conversation of two (client-server API, "Direct Messaging").
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_direct: Option<bool>,
}

/// In: `PUT rooms/{room_id}/direct`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DirectRoom {
    /// The two whose conversation it is, as Matrix ids.
    pub user_ids: Vec<String>,
}

/// Out: `invite`, `join`, `leave`, `kick`, `ban` and `unban`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MembershipStatus {
    /// `invited`, `joined`, `left`, `kicked`, `already_joined`, `already_left`, `banned` or `unbanned`.
    pub status: String,
    /// The room.
    pub room_id: String,
}
