//! Messages: what callers send and get.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

mod message_type;
mod write;

pub use message_type::MessageType;
pub use write::*;

use crate::file::File;
use crate::ids::{ChannelId, EntityId, MessageId};
use crate::member::MemberType;
use crate::mention::Mention;
use crate::poll::Poll;
use crate::preview::Preview;
use crate::reaction::ReactionCount;
use crate::thread::Thread;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// Whether it is end-to-end encrypted: then there is no text here, and `GET` of the message has the ciphertext.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(required, !default))]
    pub is_encrypted: bool,
    /// Whether `content_preview` leaves something of the text out.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(required, !default))]
    pub truncated: bool,
    /// What kind of content it is.
    pub content_type: ContentType,
    /// The message under which its thread is; `null` outside of threads.
    pub thread_id: Option<MessageId>,
    /// When its sender last replaced the text.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// When it was sent.
    pub created_at: Timestamp,
    /// The hash of the `Idempotency-Key` with which it was sent, if there was one: 64 hexadecimal digits of SHA-256 over the
    /// sender's id and the key, each behind its length in bytes, as eight bytes, the largest first. So senders know their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub client_key: Option<String>,
    /// Who is meant: each once, `room` for everybody in the channel. Of an encrypted message nobody, as that is inside the
    /// ciphertext; of a deleted one neither.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(required, !default, length(max = crate::mention::MAX_MENTIONS)))]
    pub mentions: Vec<Mention>,
    /// What its first links show, as far as it is known and was not removed; none of an encrypted or a deleted message. They
    /// come a moment after the message, with `message.preview`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(required, !default, length(max = crate::preview::MAX_LINKS)))]
    pub previews: Vec<Preview>,
    /// When the poll that it is was ended.
    pub poll_ended_at: Option<Timestamp>,
    /// What the sender is called, in an event at that moment, else now; `null` when they have chosen no name.
    pub sender_name: Option<String>,
    /// The sender's picture, an `mxc://` address.
    pub sender_avatar_url: Option<String>,
    /// The message that it replies to.
    pub reply_to: Option<MessageId>,
    /// The file of a picture, a video, sound, a sticker or any other file; `null` of a message without one, of a deleted one,
    /// and of one whose content cannot be told.
    pub file: Option<Box<File>>,
    /// The thread under it, if there is one and something is left of it. Only on pages and where one message is read:
    /// events and responses to writes leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Thread"))]
    pub thread: Option<Box<Thread>>,
    /// The reactions, in the order in which each emoji was first used, at most 50; none of a deleted message. It is there in
    /// pages and in `GET` of the message, and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Vec<ReactionCount>", length(max = 50)))]
    pub reactions: Option<Vec<ReactionCount>>,
    /// The poll that it is, and how many voted for what; absent where its question cannot be read. It is there in pages and in
    /// `GET` of the message, and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "Poll"))]
    pub poll: Option<Box<Poll>>,
}

/// A message with its full content from Matrix, edits applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MessageWithContent {
    /// What the index knows.
    #[serde(flatten)]
    pub message: Message,
    /// Where `text` comes from.
    pub source: ContentSource,
    /// The whole text; `null` when the message is encrypted or deleted. From the index it is the beginning, which
    /// `truncated` tells.
    pub text: Option<String>,
    /// The text as HTML, cleaned to the subset that the Matrix specification recommends, whoever sent it; so is that of
    /// `content`.
    pub formatted_body: Option<String>,
    /// The content of the Matrix event; `null` when the message is deleted, or when `source` is `index`.
    pub content: Option<Map<String, Value>>,
}

/// A message on a page; with `include=content` it has its content as well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct MessageOnPage {
    /// What the index knows.
    #[serde(flatten)]
    pub message: Message,
    /// Where `text` comes from; also `index` when Matrix did not respond in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "ContentSource"))]
    pub source: Option<ContentSource>,
    /// As of one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// As of one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formatted_body: Option<String>,
    /// As of one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Map<String, Value>>,
}

/// Where the text of a message comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ContentSource {
    /// Its Matrix event, edits applied.
    Matrix,
    /// The index alone: the message is deleted, this deployment's gateway cannot read single events, or Matrix does not
    /// respond or has it no more. `truncated` says whether `text` is all.
    Index,
}

/// What kind of content a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ContentType {
    /// Text, and everything that is none of the others: what Matrix has no name for is shown as the text that it brings.
    Text,
    /// A picture.
    Image,
    /// Any other file.
    File,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
    /// What the sender does, shown behind their name.
    Emote,
    /// A sticker; the text is what it shows.
    Sticker,
    /// A place; the text is its name, or a `geo:` address (RFC 5870).
    Location,
    /// A poll; the text is its question, and its answers a line each.
    Poll,
    /// A request to verify each other's devices, which Matrix clients carry out among themselves.
    Verification,
}
