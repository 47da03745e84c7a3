//! What the index takes from a Matrix event.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use serde_json::Value;

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

/// The event that a message replies to, if any (Matrix client-server API, "Rich replies").
pub fn in_reply_to(content: &Value) -> Option<&str> {
    content.pointer("/m.relates_to/m.in_reply_to/event_id").and_then(Value::as_str)
}

/// The message that a message belongs under: the root of its thread, or else the one that it replies to. In a thread
/// `m.in_reply_to` is only for clients that know no threads (Matrix client-server API, "Threading").
pub fn reply_target(content: &Value) -> Option<&str> {
    match relation(content) {
        Some(("m.thread", root)) => Some(root),
        _ => in_reply_to(content),
    }
}

/// How an event relates to another one, and to which.
pub fn relation(content: &Value) -> Option<(&str, &str)> {
    let relates_to = content.get("m.relates_to")?;
    Some((relates_to.get("rel_type")?.as_str()?, relates_to.get("event_id")?.as_str()?))
}

/// The newest edit of an event by its sender, as the homeserver aggregates it (Matrix client-server API,
/// "Server-side aggregation of m.replace relationships").
pub fn newest_edit(event: &Value) -> Option<&Value> {
    event.pointer("/unsigned/m.relations/m.replace").filter(|edit| edit.get("sender") == event.get("sender"))
}

/// The content that counts: that of the newest edit if there is one, else the event's own.
pub fn newest_content(event: &Value) -> Value {
    let edited = newest_edit(event).and_then(|edit| edit.pointer("/content/m.new_content"));
    edited.or_else(|| event.get("content")).cloned().unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_edit_counts_only_from_the_sender() {
        let event = |editor: &str| {
            let edit = json!({"sender": editor, "content": {"m.new_content": {"body": "new"}}});
            json!({"sender": "@a:x", "content": {"body": "old"}, "unsigned": {"m.relations": {"m.replace": edit}}})
        };
        assert_eq!(newest_content(&event("@a:x")), json!({"body": "new"}));
        assert_eq!(newest_content(&event("@b:x")), json!({"body": "old"}));
        assert_eq!(newest_content(&json!([])), Value::Null);
    }

    #[test]
    fn a_reply_in_a_thread_belongs_under_its_root() {
        let relates_to = json!({"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$last"}});
        assert_eq!(reply_target(&json!({"m.relates_to": relates_to})), Some("$root"));
        assert_eq!(reply_target(&json!({"m.relates_to": {"m.in_reply_to": {"event_id": "$last"}}})), Some("$last"));
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
            assert_eq!(in_reply_to(&content), None);
            assert_eq!(text(&content, "body"), None);
        }
    }
}
