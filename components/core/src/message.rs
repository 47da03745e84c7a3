//! Messages: what callers send and get.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::{ChannelId, EntityId, MessageId};
use crate::member::MemberType;
use crate::problem::{FieldError, Problem};
use crate::text::check_text;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::IntoStaticStr;

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
    /// The message that it replies to.
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

/// The body of `POST …/messages`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend("oneOf" = [{"required": ["text"]}, {"required": ["encrypted"]}])))]
pub struct SendMessage {
    /// 1 to 10,000 characters; absent when `encrypted` is there.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TEXT_CHARACTERS)))]
    pub text: Option<String>,
    /// What kind of message it is.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(extend("default" = "m.text")))]
    pub msgtype: MessageType,
    /// The text as HTML, carried as it is and never interpreted here.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_HTML_CHARACTERS)))]
    pub formatted_body: Option<String>,
    /// A message of the same channel.
    pub reply_to: Option<MessageId>,
    /// In an encrypted channel: the content of an `m.room.encrypted` event, made by the client.
    #[cfg_attr(feature = "openapi", schemars(extend(
        "type" = ["object", "null"],
        "required" = ["algorithm", "ciphertext"]
    )))]
    pub encrypted: Option<Map<String, Value>>,
}

/// The `msgtype` of an `m.room.message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum MessageType {
    /// `m.text`
    #[default]
    #[serde(rename = "m.text")]
    #[strum(serialize = "m.text")]
    Text,
    /// `m.notice`: what software says, so that other software does not reply to it.
    #[serde(rename = "m.notice")]
    #[strum(serialize = "m.notice")]
    Notice,
    /// `m.image`
    #[serde(rename = "m.image")]
    #[strum(serialize = "m.image")]
    Image,
    /// `m.file`
    #[serde(rename = "m.file")]
    #[strum(serialize = "m.file")]
    File,
    /// `m.audio`
    #[serde(rename = "m.audio")]
    #[strum(serialize = "m.audio")]
    Audio,
    /// `m.video`
    #[serde(rename = "m.video")]
    #[strum(serialize = "m.video")]
    Video,
}

impl MessageType {
    /// As in Matrix.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// How many characters a message may have.
pub const MAX_TEXT_CHARACTERS: usize = 10_000;
/// How many characters its HTML may have.
pub const MAX_HTML_CHARACTERS: usize = 40_000;

impl SendMessage {
    /// The text, empty when the message is encrypted.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or("")
    }

    /// The type of the Matrix event.
    pub fn event_type(&self) -> &'static str {
        if self.encrypted.is_some() { "m.room.encrypted" } else { "m.room.message" }
    }

    /// Checks every field.
    pub fn check(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        match (&self.text, &self.encrypted) {
            (None, None) => errors.push(FieldError::body("text", "is missing")),
            (Some(_), Some(_)) => errors.push(FieldError::body("text", "must not be sent beside encrypted")),
            (Some(text), None) => check_text("text", Some(text), 1, MAX_TEXT_CHARACTERS, &mut errors),
            (None, Some(content)) => {
                let has = |field: &str| content.get(field).and_then(Value::as_str).is_some_and(|t| !t.is_empty());
                if !has("algorithm") || !has("ciphertext") {
                    errors.push(FieldError::body("encrypted", "must have algorithm and ciphertext"));
                }
                if self.formatted_body.is_some() {
                    errors.push(FieldError::body("formatted_body", "must not be sent beside encrypted"));
                }
            }
        }
        check_text("formatted_body", self.formatted_body.as_deref(), 0, MAX_HTML_CHARACTERS, &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
}

/// The body of `PATCH …/messages/:message_id`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct EditMessage {
    /// 1 to 10,000 characters.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TEXT_CHARACTERS)))]
    pub text: String,
    /// The text as HTML.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_HTML_CHARACTERS)))]
    pub formatted_body: Option<String>,
}

impl EditMessage {
    /// Checks every field.
    pub fn check(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        check_text("text", Some(&self.text), 1, MAX_TEXT_CHARACTERS, &mut errors);
        check_text("formatted_body", self.formatted_body.as_deref(), 0, MAX_HTML_CHARACTERS, &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_counted_in_characters() {
        let send = |text: String| SendMessage {
            text: Some(text),
            msgtype: MessageType::Text,
            formatted_body: None,
            reply_to: None,
            encrypted: None,
        };
        assert!(send("😀".repeat(10_000)).check().is_ok());
        assert!(send("a".repeat(10_001)).check().is_err());
        assert!(send(String::new()).check().is_err());
        assert!(send("a\0".to_owned()).check().is_err());
    }
}
