//! What the index takes from a Matrix event.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

mod described;
mod room_event;

pub use described::{
    Described, content_type, describe, is_message_type, is_poll_end_type, is_poll_vote_type, shown_text,
};
pub(crate) use described::{extensible, poll_start};
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

/// The events that the content of a room's `m.room.pinned_events` lists. What is no id of an event names nothing; what is no
/// list is an empty one. As many as an event may hold, which has 64 KiB.
pub fn pinned_events(content: &Value) -> Vec<String> {
    let ids = content.get("pinned").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    ids.iter().filter_map(Value::as_str).filter(|id| is_id(id)).map(str::to_owned).collect()
}

/// What an event that can be a message is.
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

/// Whether an `m.relates_to` says something that can be so: a relation with its event, a reply, or both.
pub fn is_relates_to(relates_to: &Value) -> bool {
    let is_event = |id: Option<&Value>| id.and_then(Value::as_str).is_some_and(is_id);
    let relates = match (relates_to.get("rel_type"), relates_to.get("event_id")) {
        (None, None) => None,
        (kind, id) => Some(kind.and_then(Value::as_str).is_some_and(is_id) && is_event(id)),
    };
    let replies = relates_to.get("m.in_reply_to").map(|reply| is_event(reply.get("event_id")));
    relates.unwrap_or(true) && replies.unwrap_or(true) && relates.or(replies).is_some()
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

    #[test]
    fn only_ids_are_pinned_in_their_order() {
        let content = json!({"pinned": ["$b", 7, null, "$a", "", "a\u{0}b", ["$c"], "x".repeat(300)]});
        assert_eq!(pinned_events(&content), ["$b", "$a"]);
        for nothing in [json!({}), json!({"pinned": "$a"}), json!({"pinned": {"0": "$a"}}), Value::Null] {
            assert_eq!(pinned_events(&nothing), [""; 0]);
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
    fn what_is_related_to_is_an_event() {
        let reply = json!({"event_id": "$e"});
        for sound in [
            json!({"m.in_reply_to": reply}),
            json!({"rel_type": "m.thread", "event_id": "$e"}),
            json!({"rel_type": "m.thread", "event_id": "$e", "is_falling_back": true, "m.in_reply_to": reply}),
            json!({"rel_type": "org.example.other", "event_id": "$e"}),
        ] {
            assert!(is_relates_to(&sound), "{sound}");
        }
        for nonsense in [
            json!(null),
            json!("x"),
            json!(7),
            json!([]),
            json!({}),
            json!({"is_falling_back": true}),
            json!({"rel_type": "m.thread"}),
            json!({"event_id": "$e"}),
            json!({"rel_type": 7, "event_id": "$e"}),
            json!({"rel_type": "m.thread", "event_id": ""}),
            json!({"rel_type": "m.thread", "event_id": {"$e": 1}, "m.in_reply_to": reply}),
            json!({"rel_type": "m.thread", "event_id": "$e", "m.in_reply_to": "$e"}),
            json!({"m.in_reply_to": {}}),
            json!({"m.in_reply_to": {"event_id": "$\u{0}"}}),
            json!({"m.in_reply_to": {"event_id": "x".repeat(256)}}),
        ] {
            assert!(!is_relates_to(&nonsense), "{nonsense}");
        }
    }

    #[test]
    fn only_a_reply_is_shown_without_the_copy_of_what_it_answers() {
        let body = "> <@a:x> Hello\n\nHi";
        let event = |relates_to: Value| -> RoomEvent {
            let content = json!({"msgtype": "m.text", "body": body, "m.relates_to": relates_to});
            let new_content = json!({"msgtype": "m.text", "body": format!("{body}!")});
            let edit = json!({"sender": "@a:x", "content": {"m.new_content": new_content}});
            let event = json!({"sender": "@a:x", "content": content, "unsigned": {"m.relations": {"m.replace": edit}}});
            serde_json::from_str(&event.to_string()).unwrap()
        };
        let shown = |event: &RoomEvent| event.shown(&event.newest_content()).map(|said| said.text.into_owned());
        assert_eq!(shown(&event(json!({"m.in_reply_to": {"event_id": "$e"}}))).as_deref(), Some("Hi!"));
        let fallback = json!({"rel_type": "m.thread", "event_id": "$r", "is_falling_back": true, "m.in_reply_to": {"event_id": "$e"}});
        for other in [json!(null), fallback] {
            assert_eq!(shown(&event(other)), Some(format!("{body}!")));
        }
        assert_eq!(RoomEvent::default().shown(&Value::Null), None);
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
