//! What callers send: a message, and what takes its place.

use super::MessageType;
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
    "then" = {"properties": {"text": {"type": "null"}, "formatted_body": {"type": "null"}, "mentions": {"maxItems": 0}}},
    "else" = {"properties": {"text": {"type": "string"}}, "required": ["text"]}
)))]
pub struct SendMessage {
    /// 1 to 10,000 characters; absent when `encrypted` is there.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TEXT_CHARACTERS), regex(pattern = patterns::MESSAGE)))]
    pub text: Option<String>,
    /// What kind of message it is; `m.text` when it is left out. Those with a file cannot be sent yet.
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
        check_content(self.text.as_deref(), self.formatted_body.as_deref(), self.encrypted.as_ref(), &mut errors);
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
        if self.msgtype.needs_file() {
            let detail = "is for a file, which cannot be sent yet: send m.text, m.notice or m.emote";
            errors.push(FieldError::body("msgtype", detail));
        }
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
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
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_counted_in_characters() {
        let send = |text: String| SendMessage {
            text: Some(text),
            msgtype: MessageType::Text,
            formatted_body: None,
            reply_to: None,
            encrypted: None,
            mentions: Vec::new(),
            notify: false,
            thread_id: None,
        };
        assert!(send("😀".repeat(10_000)).check().is_ok());
        assert!(send("a".repeat(10_001)).check().is_err());
        assert!(send(String::new()).check().is_err());
        assert!(send("a\0".to_owned()).check().is_err());
        assert!(send("a\n\u{202e}b".to_owned()).check().is_ok());
    }

    fn bad_fields(message: Value) -> Vec<String> {
        let checked = serde_json::from_value::<SendMessage>(message).unwrap().check();
        checked.err().into_iter().flat_map(|problem| problem.errors).filter_map(|error| error.pointer).collect()
    }

    #[test]
    fn a_message_about_a_file_needs_one() {
        for kind in ["m.image", "m.file", "m.audio", "m.video"] {
            assert_eq!(bad_fields(json!({"text": "cat.png", "msgtype": kind})), ["/msgtype"], "{kind}");
        }
        assert!(bad_fields(json!({"text": "x", "msgtype": "m.notice"})).is_empty());
        assert!(bad_fields(json!({"text": "waves", "msgtype": "m.emote"})).is_empty());
    }

    #[test]
    fn mentions_are_of_somebody_and_not_beside_ciphertext() {
        assert!(bad_fields(json!({"text": "x", "mentions": ["user:bob", "room", "@x:server"]})).is_empty());
        assert_eq!(bad_fields(json!({"text": "x", "mentions": ["user:bob", "bob"]})), ["/mentions/1"]);
        let ciphertext = json!({"algorithm": "a", "ciphertext": "c"});
        assert_eq!(bad_fields(json!({"encrypted": ciphertext, "mentions": ["user:bob"]})), ["/mentions"]);
        assert!(bad_fields(json!({"encrypted": ciphertext, "mentions": []})).is_empty());
    }

    #[test]
    fn ciphertext_has_the_fields_of_a_client_only() {
        let with = |field: &str, value: Value| {
            let mut content = json!({"algorithm": "a", "ciphertext": "c"});
            content[field] = value;
            content
        };
        let reply = json!({"m.in_reply_to": {"event_id": "$e"}});
        let id = "6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4";
        assert!(bad_fields(json!({"encrypted": with("m.relates_to", reply.clone())})).is_empty());
        assert!(bad_fields(json!({"encrypted": with("session_id", json!("s")), "reply_to": id})).is_empty());
        for field in ["city.daarion.key", "city.daarion.fingerprint", "city.daarion.anything"] {
            assert_eq!(bad_fields(json!({"encrypted": with(field, json!("x"))})), ["/encrypted"], "{field}");
        }
        let both = json!({"encrypted": with("m.relates_to", reply), "reply_to": id, "thread_id": id});
        assert_eq!(bad_fields(both), ["/reply_to", "/thread_id"]);
        let edit = json!({"rel_type": "m.replace", "event_id": "$e"});
        assert_eq!(bad_fields(json!({"encrypted": with("m.relates_to", edit)})), ["/encrypted/m.relates_to"]);
        for nonsense in [json!("x"), json!({}), json!({"rel_type": "m.thread"}), json!(null)] {
            assert_eq!(bad_fields(json!({"encrypted": with("m.relates_to", nonsense)})), ["/encrypted/m.relates_to"]);
        }
    }
}
