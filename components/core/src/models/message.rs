//! Bodies about messages.

use super::check_text;
use crate::ids::{ChannelId, MessageId};
use crate::problem::{FieldError, Problem};
use serde::Deserialize;

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
    pub encrypted: Option<serde_json::Value>,
}

/// The `msgtype` of an `m.room.message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum MessageType {
    /// `m.text`
    #[default]
    #[serde(rename = "m.text")]
    Text,
    /// `m.notice`: what software says, so that other software does not answer it.
    #[serde(rename = "m.notice")]
    Notice,
    /// `m.image`
    #[serde(rename = "m.image")]
    Image,
    /// `m.file`
    #[serde(rename = "m.file")]
    File,
    /// `m.audio`
    #[serde(rename = "m.audio")]
    Audio,
    /// `m.video`
    #[serde(rename = "m.video")]
    Video,
}

impl MessageType {
    /// As in Matrix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "m.text",
            Self::Notice => "m.notice",
            Self::Image => "m.image",
            Self::File => "m.file",
            Self::Audio => "m.audio",
            Self::Video => "m.video",
        }
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
    pub fn validate(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        match (&self.text, &self.encrypted) {
            (None, None) => errors.push(FieldError::body("text", "is missing")),
            (Some(_), Some(_)) => errors.push(FieldError::body("text", "must not be sent beside encrypted")),
            (Some(text), None) => check_text("text", Some(text), 1, MAX_TEXT_CHARACTERS, &mut errors),
            (None, Some(content)) => {
                let has =
                    |field: &str| content.get(field).and_then(serde_json::Value::as_str).is_some_and(|t| !t.is_empty());
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

/// The body of `POST …/post-to-channel`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AgentPost {
    /// Where to post.
    pub channel_id: ChannelId,
    /// 1 to 10,000 characters.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TEXT_CHARACTERS)))]
    pub text: String,
    /// The text as HTML.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_HTML_CHARACTERS)))]
    pub formatted_body: Option<String>,
    /// A message of the same channel.
    pub reply_to: Option<MessageId>,
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
    pub fn validate(&self) -> Result<(), Problem> {
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
        assert!(send("😀".repeat(10_000)).validate().is_ok());
        assert!(send("a".repeat(10_001)).validate().is_err());
        assert!(send(String::new()).validate().is_err());
        assert!(send("a\0".to_owned()).validate().is_err());
    }
}
