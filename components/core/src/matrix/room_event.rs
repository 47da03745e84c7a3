//! An event with its edits.

use super::{Described, describe, message_kind, new_content, read_content, relation};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

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
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    state_key: Option<Value>,
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

    /// The newest edit, as the homeserver aggregates it (Matrix client-server API, "Server-side aggregation of m.replace
    /// relationships"); `None` when it is no valid one: it was not indexed either.
    pub fn newest_edit(&self) -> Option<Self> {
        let unsigned: Unsigned = serde_json::from_str(self.unsigned.as_ref()?.get()).ok()?;
        let edit: Self = serde_json::from_str(unsigned.relations.replace.get()).ok()?;
        self.replaced_by(&edit).is_some().then_some(edit)
    }

    /// The content that counts: that of the newest edit if there is a valid one, else the event's own.
    pub fn newest_content(&self) -> Value {
        let edited = self.newest_edit().and_then(|edit| self.replaced_by(&edit));
        edited.or_else(|| self.content()).unwrap_or(Value::Null)
    }

    /// What there is to read of the content that counts.
    pub fn shown<'a>(&self, newest_content: &'a Value) -> Option<Described<'a>> {
        let described = describe(self.event_type.as_deref().unwrap_or("m.room.message"), newest_content)?;
        Some(described.shown(message_kind(newest_content.get("m.relates_to"))))
    }

    /// What an edit makes of this event's content; `None` when it is no valid edit of it (Matrix client-server API,
    /// "Validity of replacement events"). What the message replies to, and its thread, stay.
    pub fn replaced_by(&self, edit: &Self) -> Option<Value> {
        let (own, new) = (self.content()?, edit.content()?);
        let event_type = self.event_type.as_deref().unwrap_or("m.room.message");
        if edit.sender != self.sender
            || edit.event_type.as_deref().unwrap_or(event_type) != event_type
            || self.state_key.is_some()
            || edit.state_key.is_some()
            || relation(&own).is_some_and(|(kind, _)| kind == "m.replace")
        {
            return None;
        }
        let mut content = new_content(event_type, &new)?.clone();
        // Of an encrypted edit the relation tells the client where its content is: inside the ciphertext.
        if event_type != "m.room.encrypted"
            && let Some(fields) = content.as_object_mut()
        {
            match own.get("m.relates_to") {
                Some(relates_to) => drop(fields.insert("m.relates_to".to_owned(), relates_to.clone())),
                None => drop(fields.remove("m.relates_to")),
            }
        }
        Some(content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn edited(editor: &str, edit: Value) -> RoomEvent {
        let event_type = if edit.get("ciphertext").is_some() { "m.room.encrypted" } else { "m.room.message" };
        let edit = json!({"sender": editor, "type": event_type, "content": edit});
        with_edit(event_type, json!({"msgtype": "m.text", "body": "old", "algorithm": "a"}), edit)
    }

    fn with_edit(event_type: &str, content: Value, edit: Value) -> RoomEvent {
        let relations = json!({"m.relations": {"m.replace": edit}});
        let event = json!({"sender": "@a:x", "type": event_type, "content": content, "unsigned": relations});
        serde_json::from_str(&event.to_string()).unwrap()
    }

    #[test]
    fn what_is_no_valid_edit_changes_nothing() {
        let text = |body: &str| json!({"msgtype": "m.text", "body": body});
        let edit = |fields: Value| {
            let mut edit =
                json!({"sender": "@a:x", "type": "m.room.message", "content": {"m.new_content": text("new")}});
            edit.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            edit
        };
        let shown = |edit: Value| with_edit("m.room.message", text("old"), edit).newest_content()["body"].clone();
        assert_eq!(shown(edit(json!({}))), "new");
        for invalid in [
            json!({"sender": "@b:x"}),
            json!({"type": "m.sticker"}),
            json!({"type": "m.room.encrypted", "content": {"algorithm": "a", "ciphertext": "c"}}),
            json!({"state_key": ""}),
            json!({"content": {}}),
            json!({"content": text("new")}),
            json!({"content": {"m.new_content": {"body": "new"}}}),
            json!({"content": {"m.new_content": {"msgtype": "m.text"}}}),
            json!({"content": {"m.new_content": "new"}}),
        ] {
            assert_eq!(shown(edit(invalid.clone())), "old", "{invalid}");
        }
        let relation = json!({"rel_type": "m.replace", "event_id": "$e"});
        let itself_an_edit = json!({"msgtype": "m.text", "body": "old", "m.relates_to": relation});
        assert_eq!(with_edit("m.room.message", itself_an_edit, edit(json!({}))).newest_content()["body"], "old");
    }

    #[test]
    fn an_edit_keeps_what_the_message_relates_to() {
        let reply = json!({"m.in_reply_to": {"event_id": "$e"}});
        let new = json!({"m.new_content": {"msgtype": "m.text", "body": "new", "m.relates_to": {"m.in_reply_to": {"event_id": "$x"}}}});
        let edit = json!({"sender": "@a:x", "type": "m.room.message", "content": new});
        let content = json!({"msgtype": "m.text", "body": "old", "m.relates_to": reply});
        let shown = with_edit("m.room.message", content, edit.clone()).newest_content();
        assert_eq!((&shown["body"], &shown["m.relates_to"]), (&json!("new"), &reply));
        let shown = with_edit("m.room.message", json!({"msgtype": "m.text", "body": "old"}), edit).newest_content();
        assert_eq!(shown, json!({"msgtype": "m.text", "body": "new"}));
    }

    #[test]
    fn an_edit_counts_only_from_the_sender() {
        let new = json!({"msgtype": "m.text", "body": "new"});
        let edit = json!({"m.new_content": new});
        assert_eq!(edited("@a:x", edit.clone()).newest_content(), new);
        assert_eq!(edited("@b:x", edit).newest_content()["body"], "old");
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
        format!(
            r#"{{"m.new_content": {{"msgtype": "m.text", "body": "new", "x": {}{}}}}}"#,
            "[".repeat(inner),
            "]".repeat(inner)
        )
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
}
