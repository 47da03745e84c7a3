//! What the index takes from a Matrix event.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

mod described;
mod room_event;

pub use described::{Described, content_type, describe, is_message_type, is_poll_end_type};
pub use room_event::RoomEvent;

use serde_json::Value;
use serde_json::value::RawValue;

/// The field of an event's content that carries the hashed idempotency key.
pub const KEY_FIELD: &str = "city.daarion.key";
/// The field of an event's content that carries the fingerprint of the request.
pub const FINGERPRINT_FIELD: &str = "city.daarion.fingerprint";
/// The field of an event's content by which software says that it wrote a message that is no notice.
pub const AGENT_FIELD: &str = "city.daarion.agent";
/// The field of a room's creation content that says which channel it was made for.
pub const CHANNEL_FIELD: &str = "city.daarion.channel";

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

/// What an event that can be a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind<'a> {
    /// A message.
    Message {
        /// The event that it belongs under: the root of its thread, or else the one that it replies to. In a thread
        /// `m.in_reply_to` is only for clients that know no threads (Matrix client-server API, "Threading").
        reply_to_event_id: Option<&'a str>,
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
    let in_reply_to = || relates_to?.pointer("/m.in_reply_to/event_id")?.as_str();
    let reply_to = match relation {
        Some(("m.thread", root)) => Some(root),
        _ => in_reply_to(),
    };
    MessageKind::Message { reply_to_event_id: reply_to.filter(|id| is_id(id)) }
}

/// How an event relates to another one, and to which.
pub fn relation(content: &Value) -> Option<(&str, &str)> {
    relation_in(content.get("m.relates_to")?)
}

fn relation_in(relates_to: &Value) -> Option<(&str, &str)> {
    Some((relates_to.get("rel_type")?.as_str()?, relates_to.get("event_id")?.as_str()?))
}

/// The content that an edit of this type gives the message; `None` when it has none that can be a message's. An encrypted
/// edit has it in the ciphertext, so it counts as a whole.
pub fn new_content<'a>(event_type: &str, edit: &'a Value) -> Option<&'a Value> {
    let content = if event_type == "m.room.encrypted" { edit } else { edit.get("m.new_content")? };
    describe(event_type, content).map(|_| content)
}

/// Reads an event's content by itself, whatever it is in: 127 levels deep at most, which is what `serde_json` reads.
pub fn read_content(content: &RawValue) -> serde_json::Result<Value> {
    serde_json::from_str(content.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn canonical_json_has_integers_that_every_program_can_tell_apart() {
        for text in ["1", "-9007199254740991", "9007199254740991", r#"{"a": [null, true, "1.5", {"b": 0}]}"#] {
            assert!(is_canonical(&serde_json::from_str(text).unwrap()), "{text}");
        }
        for text in ["1.5", "1e3", "-0.0", "9007199254740992", "-9007199254740992", "18446744073709551615", "1e300"] {
            assert!(!is_canonical(&serde_json::from_str(&format!(r#"{{"a": [{text}]}}"#)).unwrap()), "{text}");
        }
    }

    fn reply_to(relates_to: Value) -> Option<String> {
        match message_kind(Some(&relates_to)) {
            MessageKind::Message { reply_to_event_id } => reply_to_event_id.map(str::to_owned),
            MessageKind::Edit { .. } => None,
        }
    }

    #[test]
    fn a_reply_in_a_thread_belongs_under_its_root() {
        let relates_to = json!({"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$last"}});
        assert_eq!(reply_to(relates_to).as_deref(), Some("$root"));
        assert_eq!(reply_to(json!({"m.in_reply_to": {"event_id": "$last"}})).as_deref(), Some("$last"));
        assert_eq!(reply_to(json!({"m.in_reply_to": {"event_id": "$a\0"}})), None);
        let edit = json!({"rel_type": "m.replace", "event_id": "$e"});
        assert_eq!(message_kind(Some(&edit)), MessageKind::Edit { target_event_id: Some("$e") });
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
            let plain = MessageKind::Message { reply_to_event_id: None };
            assert_eq!(message_kind(content.get("m.relates_to")), plain);
            assert_eq!(text(&content, "body"), None);
        }
    }
}
