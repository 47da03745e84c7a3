//! What callers send: a message, and what takes its place.

use super::MessageType;
use crate::file::NewFile;
use crate::ids::MessageId;
use crate::matrix::{self, MessageKind};
use crate::mention;
#[cfg(feature = "openapi")]
use crate::mention::{MAX_MENTIONS, Mention};
use crate::problem::{FieldError, Problem};
use crate::text::TextKind;
use crate::text::check_text;
#[cfg(feature = "openapi")]
use crate::text::patterns;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The body of `POST …/messages`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend(
    "if" = {"properties": {"encrypted": {"type": "object"}}, "required": ["encrypted"]},
    "then" = {"properties": {
        "text": {"type": "null"}, "formatted_body": {"type": "null"}, "file": {"type": "null"}, "mentions": {"maxItems": 0}
    }},
    "else" = {
        "if": {"properties": {"file": {"type": "object"}}, "required": ["file"]},
        "then": {
            "properties": {"msgtype": {"enum": ["m.image", "m.file", "m.audio", "m.video"]}}, "required": ["msgtype"],
            "allOf": [
                {"anyOf": [{"properties": {"text": {"type": "string"}}, "required": ["text"]},
                           {"properties": {"formatted_body": {"type": "null"}}}]},
                {"anyOf": [{"properties": {"msgtype": {"const": "m.audio"}}},
                           {"properties": {"file": {"properties": {"voice": {"type": "null"}}}}}]}
            ]
        },
        "else": {
            "properties": {"text": {"type": "string"}, "msgtype": {"enum": ["m.text", "m.notice", "m.emote"]}}, "required": ["text"]
        }
    }
)))]
pub struct SendMessage {
    /// 1 to 10,000 characters; absent when `encrypted` is there. Of a message with a file it is the caption, which may be left
    /// out.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TEXT_CHARACTERS), regex(pattern = patterns::MESSAGE)))]
    pub text: Option<String>,
    /// What kind of message it is; `m.text` when it is left out. One with a file is `m.image`, `m.file`, `m.audio` or `m.video`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "crate::openapi::is_default"))]
    pub msgtype: MessageType,
    /// The text as HTML. What is not in the subset that the Matrix specification recommends is left out.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_HTML_CHARACTERS), regex(pattern = patterns::MESSAGE)))]
    pub formatted_body: Option<String>,
    /// A message of the same channel.
    pub reply_to: Option<MessageId>,
    /// In an encrypted channel: the content of an `m.room.encrypted` event, made by the client. Its `m.relates_to`, in
    /// place of `reply_to` and `thread_id`, may name a thread or a message that is replied to.
    #[cfg_attr(feature = "openapi", schemars(transform = encrypted_content))]
    pub encrypted: Option<Map<String, Value>>,
    /// Who is meant, and `room` for everybody in the channel, which takes a power level (50, unless the room says
    /// otherwise). At most 50. Who is not in the channel is named all the same: they are not told, as they cannot read it.
    /// Not beside `encrypted`: there the client names them inside.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "Vec::is_empty", with = "Vec<Mention>", length(max = MAX_MENTIONS)))]
    pub mentions: Vec<String>,
    /// Of an agent: the message is an `m.text`, of which Matrix clients notify people, and has `city.daarion.agent` in its
    /// content; otherwise it is a notice. Of a person it changes nothing.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "crate::openapi::is_default"))]
    pub notify: bool,
    /// The thread: the message under which it is. One that is in a thread itself means that thread. Beside it, `reply_to`
    /// is a message of the thread.
    pub thread_id: Option<MessageId>,
    /// The file of an `m.image`, `m.file`, `m.audio` or `m.video`: content that the caller has uploaded, or that is in a message
    /// which they may read.
    pub file: Option<Box<NewFile>>,
}

/// What `encrypted` has to have, and which names in it are ours.
#[cfg(feature = "openapi")]
fn encrypted_content(schema: &mut schemars::Schema) {
    let text = || serde_json::json!({"type": "string", "minLength": 1});
    schema.insert("type".to_owned(), serde_json::json!(["object", "null"]));
    schema.insert("required".to_owned(), serde_json::json!(["algorithm", "ciphertext"]));
    schema.insert("properties".to_owned(), serde_json::json!({"algorithm": text(), "ciphertext": text()}));
    schema.insert("propertyNames".to_owned(), serde_json::json!({"not": {"pattern": "^city\\.daarion\\."}}));
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
        match &self.file {
            Some(file) => self.check_file(file, &mut errors),
            None => {
                check_content(
                    self.text.as_deref(),
                    self.formatted_body.as_deref(),
                    self.encrypted.as_ref(),
                    &mut errors,
                );
            }
        }
        check_mentions(&self.mentions, self.encrypted.is_some(), &mut errors);
        if let Some(relates_to) = self.encrypted.as_ref().and_then(|content| content.get("m.relates_to")) {
            for (field, id) in [("reply_to", self.reply_to), ("thread_id", self.thread_id)] {
                if id.is_some() {
                    errors.push(FieldError::body(field, "must not be sent beside an m.relates_to in encrypted"));
                }
            }
            if !matrix::is_relates_to(relates_to) {
                let detail = "must name an event by rel_type and event_id, or by event_id in m.in_reply_to";
                errors.push(FieldError::body("encrypted/m.relates_to", detail));
            } else if matches!(matrix::message_kind(Some(relates_to)), MessageKind::Edit { .. }) {
                errors.push(FieldError::body("encrypted/m.relates_to", "must not make an edit of it"));
            }
        }
        if self.msgtype.needs_file() && self.file.is_none() && self.encrypted.is_none() {
            errors.push(FieldError::body("file", "is missing: m.image, m.file, m.audio and m.video are for a file"));
        }
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }

    /// Checks a message with a file.
    fn check_file(&self, file: &NewFile, errors: &mut Vec<FieldError>) {
        if self.encrypted.is_some() {
            errors.push(FieldError::body("file", "must not be sent beside encrypted: it is inside the ciphertext"));
        }
        if !self.msgtype.needs_file() {
            errors.push(FieldError::body("msgtype", "must be m.image, m.file, m.audio or m.video beside file"));
        } else if file.voice.is_some() && self.msgtype != MessageType::Audio {
            errors.push(FieldError::body("msgtype", "must be m.audio for a voice message"));
        }
        if self.formatted_body.is_some() && self.text.is_none() {
            errors.push(FieldError::body("text", "is missing: formatted_body is the same as HTML"));
        }
        check_text("text", TextKind::Message, self.text.as_deref(), (1, MAX_TEXT_CHARACTERS), errors);
        check_text(
            "formatted_body",
            TextKind::Message,
            self.formatted_body.as_deref(),
            (0, MAX_HTML_CHARACTERS),
            errors,
        );
        file.check(errors);
    }
}

/// Checks what a message says: a text, or what a client has encrypted.
fn check_content(
    text: Option<&str>,
    formatted_body: Option<&str>,
    encrypted: Option<&Map<String, Value>>,
    errors: &mut Vec<FieldError>,
) {
    match (text, encrypted) {
        (None, None) => errors.push(FieldError::body("text", "is missing")),
        (Some(_), Some(_)) => errors.push(FieldError::body("text", "must not be sent beside encrypted")),
        (Some(text), None) => check_text("text", TextKind::Message, Some(text), (1, MAX_TEXT_CHARACTERS), errors),
        (None, Some(content)) => {
            let has = |field: &str| content.get(field).and_then(Value::as_str).is_some_and(|t| !t.is_empty());
            if !has("algorithm") || !has("ciphertext") {
                errors.push(FieldError::body("encrypted", "must have algorithm and ciphertext"));
            }
            if !content.values().all(matrix::is_canonical) {
                let detail = "must have no numbers but integers from -(2^53 - 1) to 2^53 - 1";
                errors.push(FieldError::body("encrypted", detail));
            }
            if content.keys().any(|field| matrix::is_ours(field)) {
                errors.push(FieldError::body("encrypted", "must not have fields city.daarion.…"));
            }
            if formatted_body.is_some() {
                errors.push(FieldError::body("formatted_body", "must not be sent beside encrypted"));
            }
        }
    }
    check_text("formatted_body", TextKind::Message, formatted_body, (0, MAX_HTML_CHARACTERS), errors);
}

fn check_mentions(mentions: &[String], is_encrypted: bool, errors: &mut Vec<FieldError>) {
    if is_encrypted && !mentions.is_empty() {
        errors.push(FieldError::body("mentions", "must not be sent beside encrypted: they are inside the ciphertext"));
    }
    mention::check(mentions, errors);
}

/// The body of `PATCH …/messages/:message_id`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend(
    "if" = {"properties": {"encrypted": {"type": "object"}}, "required": ["encrypted"]},
    "then" = {"properties": {"text": {"type": "null"}, "formatted_body": {"type": "null"}, "mentions": {"maxItems": 0}}},
    "else" = {"properties": {"text": {"type": "string"}}, "required": ["text"]}
)))]
pub struct EditMessage {
    /// 1 to 10,000 characters; absent when `encrypted` is there.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TEXT_CHARACTERS), regex(pattern = patterns::MESSAGE)))]
    pub text: Option<String>,
    /// The text as HTML.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_HTML_CHARACTERS), regex(pattern = patterns::MESSAGE)))]
    pub formatted_body: Option<String>,
    /// Of an encrypted message: the content of the `m.room.encrypted` event that replaces it, made by the client. Its
    /// `m.relates_to` may be left out; otherwise it makes an edit of this message.
    #[cfg_attr(feature = "openapi", schemars(transform = encrypted_content))]
    pub encrypted: Option<Map<String, Value>>,
    /// Who is meant from then on; when it is left out, those who were. Matrix clients notify only who was not meant before.
    #[cfg_attr(feature = "openapi", schemars(with = "Option<Vec<Mention>>", length(max = MAX_MENTIONS)))]
    pub mentions: Option<Vec<String>>,
}

impl EditMessage {
    /// The text, empty when the message is encrypted.
    pub fn text(&self) -> &str {
        self.text.as_deref().unwrap_or("")
    }

    /// Checks every field.
    pub fn check(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        check_content(self.text.as_deref(), self.formatted_body.as_deref(), self.encrypted.as_ref(), &mut errors);
        check_mentions(self.mentions.as_deref().unwrap_or_default(), self.encrypted.is_some(), &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
}

#[cfg(test)]
mod tests;
