//! What the index takes from a Matrix event.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::text::without_quote;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The field of an event's content that carries the hashed idempotency key.
pub const KEY_FIELD: &str = "city.daarion.key";
/// The field of an event's content that carries the fingerprint of the request.
pub const FINGERPRINT_FIELD: &str = "city.daarion.fingerprint";
/// The field of a room's creation content that says which channel it was made for.
pub const CHANNEL_FIELD: &str = "city.daarion.channel";

/// The `content_type` of an index row for the `msgtype` of a message.
pub fn content_type(msgtype: &str) -> &'static str {
    match msgtype {
        "m.image" => "image",
        "m.file" => "file",
        "m.audio" => "audio",
        "m.video" => "video",
        _ => "text",
    }
}

/// A text field of an event's content.
pub fn text<'a>(content: &'a Value, field: &str) -> Option<&'a str> {
    content.get(field).and_then(Value::as_str)
}

/// Whether a field of an event's content is the service's own. Nobody else may set one.
pub fn is_ours(field: &str) -> bool {
    field.starts_with("city.daarion.")
}

/// The largest integer that canonical JSON has, and the smallest but for its sign (Matrix specification, appendix
/// "Canonical JSON").
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Whether an event may carry this: its numbers are integers of canonical JSON.
pub fn is_canonical(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            let magnitude = number.as_i64().map(i64::unsigned_abs).or(number.as_u64());
            magnitude.is_some_and(|magnitude| magnitude <= MAX_INTEGER)
        }
        Value::Array(items) => items.iter().all(is_canonical),
        Value::Object(members) => members.values().all(is_canonical),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// Whoever sends longer ids is no homeserver (Matrix specification, appendix "Identifier grammar").
const MAX_ID_BYTES: usize = 255;

/// Whether a text can be an id of Matrix and be stored.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_ID_BYTES && !text.contains('\0')
}

/// What an `m.room.message` or an `m.room.encrypted` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind<'a> {
    /// A message.
    Message {
        /// The event that it replies to. What only clients are to show that know no threads (`is_falling_back`) is none.
        reply_to_event_id: Option<&'a str>,
        /// The root of the thread that it is in (Matrix client-server API, "Threading").
        thread_event_id: Option<&'a str>,
    },
    /// An edit of one (Matrix client-server API, "Event replacements").
    Edit {
        /// The event that is edited; `None` when its id can be none.
        target_event_id: Option<&'a str>,
    },
}

/// Reads what a message is from the `m.relates_to` of its content: the one reading of the API and of the homeserver's
/// push.
pub fn message_kind(relates_to: Option<&Value>) -> MessageKind<'_> {
    let relation = relates_to.and_then(relation_in);
    if let Some(("m.replace", target)) = relation {
        return MessageKind::Edit { target_event_id: Some(target).filter(|id| is_id(id)) };
    }
    let thread = relation.filter(|(kind, _)| *kind == "m.thread").map(|(_, root)| root);
    let falls_back = thread.is_some() && relates_to.and_then(|r| r.get("is_falling_back")) == Some(&Value::Bool(true));
    let in_reply_to = || relates_to?.pointer("/m.in_reply_to/event_id")?.as_str();
    let reply_to = if falls_back { None } else { in_reply_to() };
    MessageKind::Message {
        reply_to_event_id: reply_to.filter(|id| is_id(id)),
        thread_event_id: thread.filter(|id| is_id(id)),
    }
}

/// A message's text as it is shown: of a reply without the copy of what it answers.
pub fn shown_body<'a>(body: &'a str, kind: MessageKind<'_>) -> &'a str {
    match kind {
        MessageKind::Message { reply_to_event_id: Some(_), .. } => without_quote(body),
        _ => body,
    }
}

/// How an event relates to another one, and to which.
pub fn relation(content: &Value) -> Option<(&str, &str)> {
    relation_in(content.get("m.relates_to")?)
}

fn relation_in(relates_to: &Value) -> Option<(&str, &str)> {
    Some((relates_to.get("rel_type")?.as_str()?, relates_to.get("event_id")?.as_str()?))
}

/// An event of a room with what the homeserver knows of its edits.
///
/// Contents are read each by itself: the homeserver nests an edit in the event that it edits, and what could be read
/// when it was pushed can then be nested too deeply for a whole to be read at once.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RoomEvent {
    /// The event.
    pub event_id: Option<String>,
    /// Who sent it.
    pub sender: Option<String>,
    /// Milliseconds since 1970, as the sender's server says.
    pub origin_server_ts: Value,
    content: Option<Box<RawValue>>,
    unsigned: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Unsigned {
    #[serde(rename = "m.relations")]
    relations: Relations,
}

#[derive(Deserialize)]
struct Relations {
    #[serde(rename = "m.replace")]
    replace: Box<RawValue>,
}

impl RoomEvent {
    /// The content; `None` when there is none that can be read.
    pub fn content(&self) -> Option<Value> {
        read_content(self.content.as_ref()?).ok()
    }

    /// A text of the event as it is shown, from the content that counts: of a reply without the copy of what it answers.
    pub fn shown_text<'a>(&self, newest_content: &'a Value) -> Option<&'a str> {
        let body = text(newest_content, "body")?;
        let content = self.content();
        let kind = message_kind(content.as_ref().and_then(|content| content.get("m.relates_to")));
        Some(shown_body(body, kind))
    }

    /// The newest edit by the event's sender, as the homeserver aggregates it (Matrix client-server API, "Server-side
    /// aggregation of m.replace relationships"). One that cannot be read is none: it was not indexed either.
    pub fn newest_edit(&self) -> Option<Self> {
        let unsigned: Unsigned = serde_json::from_str(self.unsigned.as_ref()?.get()).ok()?;
        let edit: Self = serde_json::from_str(unsigned.relations.replace.get()).ok()?;
        (edit.sender == self.sender && edit.content().is_some()).then_some(edit)
    }

    /// The content that counts: that of the newest edit if there is one, else the event's own. An encrypted edit has
    /// its new content in the ciphertext, so it counts as a whole.
    pub fn newest_content(&self) -> Value {
        let replacement = |mut edit: Value| match edit.get_mut("m.new_content") {
            Some(new_content) => Some(new_content.take()),
            None => edit.get("ciphertext").is_some().then_some(edit),
        };
        let edited = self.newest_edit().and_then(|edit| replacement(edit.content()?));
        edited.or_else(|| self.content()).unwrap_or(Value::Null)
    }
}

/// Reads an event's content by itself, whatever it is in: 127 levels deep at most, which is what `serde_json` reads.
pub fn read_content(content: &RawValue) -> serde_json::Result<Value> {
    serde_json::from_str(content.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn edited(editor: &str, edit: Value) -> RoomEvent {
        let edit = json!({"sender": editor, "content": edit});
        let event =
            json!({"sender": "@a:x", "content": {"body": "old"}, "unsigned": {"m.relations": {"m.replace": edit}}});
        serde_json::from_str(&event.to_string()).unwrap()
    }

    #[test]
    fn canonical_json_has_integers_that_every_program_can_tell_apart() {
        for text in ["1", "-9007199254740991", "9007199254740991", r#"{"a": [null, true, "1.5", {"b": 0}]}"#] {
            assert!(is_canonical(&serde_json::from_str(text).unwrap()), "{text}");
        }
        for text in ["1.5", "1e3", "-0.0", "9007199254740992", "-9007199254740992", "18446744073709551615", "1e300"] {
            assert!(!is_canonical(&serde_json::from_str(&format!(r#"{{"a": [{text}]}}"#)).unwrap()), "{text}");
        }
    }

    #[test]
    fn an_edit_counts_only_from_the_sender() {
        let edit = json!({"m.new_content": {"body": "new"}});
        assert_eq!(edited("@a:x", edit.clone()).newest_content(), json!({"body": "new"}));
        assert_eq!(edited("@b:x", edit).newest_content(), json!({"body": "old"}));
        let encrypted = json!({"algorithm": "a", "ciphertext": "new", "m.relates_to": {"rel_type": "m.replace"}});
        assert_eq!(edited("@a:x", encrypted.clone()).newest_content(), encrypted);
        assert_eq!(serde_json::from_str::<RoomEvent>("{}").unwrap().newest_content(), Value::Null);
        for odd in [r#"{"unsigned": 1}"#, r#"{"content": [], "unsigned": {"m.relations": {"m.replace": 7}}}"#] {
            assert!(serde_json::from_str::<RoomEvent>(odd).unwrap().newest_edit().is_none(), "{odd}");
        }
    }

    /// A content that is so many levels deep.
    fn nested(levels: usize) -> String {
        let inner = levels - 2;
        format!(r#"{{"m.new_content": {{"body": "new", "x": {}{}}}}}"#, "[".repeat(inner), "]".repeat(inner))
    }

    #[test]
    fn what_could_be_indexed_can_be_read_afterwards() {
        let with_edit = |content: &str| -> RoomEvent {
            let edit = format!(r#"{{"sender": "@a:x", "content": {content}}}"#);
            let event = format!(
                r#"{{"sender": "@a:x", "content": {{"body": "old"}}, "unsigned": {{"m.relations": {{"m.replace": {edit}}}}}}}"#
            );
            serde_json::from_str(&event).unwrap()
        };
        for levels in [3, 122, 127] {
            let content: Box<RawValue> = serde_json::from_str(&nested(levels)).unwrap();
            assert!(read_content(&content).is_ok(), "{levels} levels can be indexed");
            assert_eq!(with_edit(content.get()).newest_content()["body"], "new", "{levels}");
        }
        for levels in [128, 10_000] {
            let content: Box<RawValue> = serde_json::from_str(&nested(levels)).unwrap();
            assert!(read_content(&content).is_err(), "{levels} levels are not indexed");
            assert_eq!(with_edit(content.get()).newest_content()["body"], "old", "{levels}");
        }
    }

    #[test]
    fn a_message_replies_to_one_and_is_in_the_thread_of_another() {
        let in_reply_to = json!({"event_id": "$last"});
        let plain = json!({"m.in_reply_to": in_reply_to});
        let thread = json!({"rel_type": "m.thread", "event_id": "$root"});
        let both = json!({"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": in_reply_to});
        let falling_back = |value: Value| {
            let mut both = both.clone();
            both["is_falling_back"] = value;
            both
        };
        let (last, root) = (Some("$last"), Some("$root"));
        for (relates_to, reply_to_event_id, thread_event_id) in [
            (plain.clone(), last, None),
            (thread, None, root),
            (both.clone(), last, root),
            (falling_back(json!(false)), last, root),
            (falling_back(json!("true")), last, root),
            (falling_back(json!(true)), None, root),
            // Without a thread there is nothing to fall back from.
            (json!({"is_falling_back": true, "m.in_reply_to": in_reply_to}), last, None),
            (json!({"rel_type": "m.reference", "event_id": "$root", "m.in_reply_to": in_reply_to}), last, None),
            (json!({"m.in_reply_to": {"event_id": "$a\0"}}), None, None),
            (json!({"rel_type": "m.thread", "event_id": ""}), None, None),
        ] {
            let kind = MessageKind::Message { reply_to_event_id, thread_event_id };
            assert_eq!(message_kind(Some(&relates_to)), kind, "{relates_to}");
        }
        let edit = json!({"rel_type": "m.replace", "event_id": "$e"});
        assert_eq!(message_kind(Some(&edit)), MessageKind::Edit { target_event_id: Some("$e") });
    }

    #[test]
    fn only_a_reply_is_shown_without_the_copy_of_what_it_answers() {
        let body = "> <@a:x> Hello\n\nHi";
        let event = |relates_to: Value| -> RoomEvent {
            let content = json!({"body": body, "m.relates_to": relates_to});
            let edit = json!({"sender": "@a:x", "content": {"m.new_content": {"body": format!("{body}!")}}});
            let event = json!({"sender": "@a:x", "content": content, "unsigned": {"m.relations": {"m.replace": edit}}});
            serde_json::from_str(&event.to_string()).unwrap()
        };
        let shown = |event: &RoomEvent| event.shown_text(&event.newest_content()).map(str::to_owned);
        assert_eq!(shown(&event(json!({"m.in_reply_to": {"event_id": "$e"}}))).as_deref(), Some("Hi!"));
        let fallback = json!({"rel_type": "m.thread", "event_id": "$r", "is_falling_back": true, "m.in_reply_to": {"event_id": "$e"}});
        for other in [json!(null), fallback] {
            assert_eq!(shown(&event(other)), Some(format!("{body}!")));
        }
        assert_eq!(RoomEvent::default().shown_text(&Value::Null), None);
    }

    #[test]
    fn hostile_content_is_no_relation() {
        for content in [
            json!(null),
            json!([]),
            json!({"m.relates_to": 1}),
            json!({"m.relates_to": {"rel_type": {}, "event_id": 2}}),
        ] {
            assert_eq!(relation(&content), None);
            let plain = MessageKind::Message { reply_to_event_id: None, thread_event_id: None };
            assert_eq!(message_kind(content.get("m.relates_to")), plain);
            assert_eq!(text(&content, "body"), None);
        }
    }
}
