//! What callers get: the documents of the contract as types.
//!
//! The service itself passes on what PostgreSQL writes (the `*_json` functions of the migrations). These types are for
//! programs that read the answers, and for the OpenAPI document, which is generated from them. They ignore fields
//! that they do not know, so that a program built with them outlives the next version of the service.

mod service;

pub use service::*;

use crate::ids::{ChannelId, ChannelMemberId, EntityId, MessageId, MicrodaoId};
use crate::models::{Role, Visibility};
use crate::problem::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A moment in UTC as RFC 3339, to the microsecond.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(inline, extend("format" = "date-time")))]
#[serde(transparent)]
pub struct Timestamp(pub String);

/// A channel: a Matrix room and what the index knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Channel {
    /// The channel.
    pub id: ChannelId,
    /// Unique in the microDAO.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The microDAO that it belongs to.
    pub microdao_id: MicrodaoId,
    /// The room behind it, which may change when the room is upgraded.
    pub matrix_room_id: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether it is a conversation of two.
    pub is_direct: bool,
    /// Whether its messages are end-to-end encrypted.
    pub is_encrypted: bool,
    /// What it is about at the moment.
    pub topic: Option<String>,
    /// An `mxc://` address.
    pub avatar_url: Option<String>,
    /// Who made it.
    pub created_by: EntityId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name, description, topic, avatar or visibility last changed.
    pub updated_at: Timestamp,
    /// Since when it takes no more writes and is in no list.
    pub archived_at: Option<Timestamp>,
}

/// A message as the index knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Message {
    /// The message: UUID v5 of its Matrix event id.
    pub id: MessageId,
    /// The channel that it is in.
    pub channel_id: ChannelId,
    /// Its number in the channel. Messages are ordered by it; other events of the channel take numbers too.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub seq: i64,
    /// The event in the room.
    pub matrix_event_id: String,
    /// Who sent it.
    pub sender_id: EntityId,
    /// What the sender is.
    pub sender_type: MemberType,
    /// The first 500 characters; empty when the message is encrypted or deleted.
    #[cfg_attr(feature = "openapi", schemars(length(max = crate::text::PREVIEW_CHARACTERS)))]
    pub content_preview: String,
    /// What kind of content it is.
    pub content_type: ContentType,
    /// The message that it answers.
    pub thread_id: Option<MessageId>,
    /// When its sender last replaced the text.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// When it was sent.
    pub created_at: Timestamp,
    /// The hash of the `Idempotency-Key` with which it was sent, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub client_key: Option<String>,
}

/// A message with its full content from Matrix, edits applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MessageWithContent {
    /// What the index knows.
    #[serde(flatten)]
    pub message: Message,
    /// The whole text; `null` when the message is encrypted or deleted.
    pub text: Option<String>,
    /// The text as HTML, as its sender wrote it: sanitise it before showing it.
    pub formatted_body: Option<String>,
    /// The content of the Matrix event; `null` when the message is deleted.
    pub content: Option<Map<String, Value>>,
}

/// What takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MemberType {
    /// A user, or a person who exists only in Matrix.
    Human,
    /// An AI agent.
    Agent,
}

/// What kind of content a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ContentType {
    /// Text, and everything that is none of the others.
    Text,
    /// A picture.
    Image,
    /// Any other file.
    File,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
}

/// Somebody's membership of a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Member {
    /// The membership: it stays the same when they leave and come back.
    pub id: ChannelMemberId,
    /// The channel.
    pub channel_id: ChannelId,
    /// Who it is.
    pub member_id: EntityId,
    /// What it is.
    pub member_type: MemberType,
    /// Their id in Matrix.
    pub matrix_user_id: String,
    /// Their role.
    pub role: Role,
    /// Whether they may read.
    pub can_read: bool,
    /// Whether they may write.
    pub can_write: bool,
    /// Whether they may invite.
    pub can_invite: bool,
    /// Whether they may remove others.
    pub can_kick: bool,
    /// Whether they may create tasks.
    pub can_create_tasks: bool,
    /// Their power level in the room.
    pub matrix_power_level: i64,
    /// Who invited them.
    pub invited_by: Option<EntityId>,
    /// Since when they are in; `null` while an invitation is not accepted.
    pub joined_at: Option<Timestamp>,
    /// When they left.
    pub left_at: Option<Timestamp>,
}

/// One emoji under a message, and who reacted with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Reaction {
    /// The emoji. With and without a variation selector it is the same one.
    pub emoji: String,
    /// How many reacted so.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub count: i64,
    /// Whether the caller did.
    pub reacted: bool,
    /// The first hundred who did, in the order in which they did.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 100)))]
    pub reactors: Vec<EntityId>,
}

/// What an agent filter has to know of a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct AgentContext {
    /// The channel.
    pub channel_id: ChannelId,
    /// The microDAO that it belongs to.
    pub microdao_id: MicrodaoId,
    /// Who may see it.
    pub visibility: Visibility,
    /// Unique in the microDAO.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What it is about at the moment.
    pub topic: Option<String>,
    /// Whether it is a conversation of two.
    pub is_direct: bool,
    /// Whether it is encrypted, so that agents can read nothing.
    pub is_encrypted: bool,
    /// Since when it takes no more writes.
    pub archived_at: Option<Timestamp>,
    /// Agents that are members and may write.
    pub allowed_agents: Vec<EntityId>,
    /// Agents that are members and may not write.
    pub disabled_agents: Vec<EntityId>,
}

/// What became of an agent's post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct AgentPosted {
    /// Always `posted`.
    pub status: Posted,
    /// The message.
    pub message_id: MessageId,
    /// The message as the index knows it.
    pub message: Message,
}

/// The only status of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum Posted {
    /// It is in the room and in the index.
    Posted,
}

/// Why a request was refused or failed (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ProblemDocument {
    /// `urn:daarion:problem:` and the code.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^urn:daarion:problem:[a-z0-9_]+$")))]
    pub r#type: String,
    /// The name of the HTTP status.
    pub title: String,
    /// The HTTP status.
    #[cfg_attr(feature = "openapi", schemars(range(min = 400, max = 599)))]
    pub status: u16,
    /// For people: what is wrong, and what to do next.
    pub detail: String,
    /// For programs; never changes its meaning.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^[a-z0-9_]+$")))]
    pub code: String,
    /// Names the request in the service's log.
    pub request_id: String,
    /// One entry per bad field, parameter or header, if it is about those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}
