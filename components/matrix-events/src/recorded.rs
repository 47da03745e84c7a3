//! What of a request's events is recorded already: mostly our own acts, which the homeserver pushes back to us.

use crate::event::{Event, Here};
use crate::message::client_key;
use messaging_core::ids::EntityKind;
use messaging_core::json;
use messaging_core::matrix::{MessageKind, is_message_type, message_kind};
use messaging_edge::index::messages::find_recorded;
use messaging_edge::{Problem, log};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// The ids of the events that need no statement of their own, by one for all of them. Where that fails none is known: each
/// has its own statement then, and what fails is that one.
pub async fn recorded(events: &[Box<RawValue>], here: &Here) -> BTreeSet<String> {
    let asked = events.iter().filter_map(|text| asked(&json::from_str(text.get()).ok()?, here));
    let asked: Vec<_> = asked.collect();
    if asked.is_empty() {
        return BTreeSet::new();
    }
    find_recorded(asked).await.unwrap_or_else(|error| {
        log::error(&here.request_id, &format!("find_recorded: {}", Problem::from(error)));
        BTreeSet::new()
    })
}

/// What is asked about an event: its id, and the idempotency key in it. Only what the API may have recorded to the last:
/// of an edit it does not know the time, of a state not whether another one came in between.
fn asked(event: &Event, here: &Here) -> Option<(String, Option<String>)> {
    let sender = here.sender(event).filter(|sender| sender.id.kind() != EntityKind::MatrixPerson)?;
    let is_asked = match event.event_type.as_str() {
        kind if is_message_type(kind) => {
            matches!(message_kind(event.content.get("m.relates_to")), MessageKind::Message { .. })
        }
        kind => kind == "m.reaction",
    };
    let key = client_key(event, &sender.id).map(|key| key.as_str().to_owned());
    (is_asked && event.state_key.is_none()).then(|| (event.event_id.clone(), key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn asked_of(sender: &str, event_type: &str, changes: Value) -> Option<(String, Option<String>)> {
        let here = Here { server_name: "x".to_owned(), bot: "@daarion:x".to_owned(), request_id: String::new() };
        let mut event = json!({"event_id": "$e", "room_id": "!r", "sender": sender, "type": event_type,
            "content": {"msgtype": "m.text", "body": "x"}});
        for (field, value) in changes.as_object().unwrap() {
            event[field] = value.clone();
        }
        asked(&serde_json::from_value(event).unwrap(), &here)
    }

    #[test]
    fn our_own_messages_and_reactions_are_asked_about() {
        let alone = Some(("$e".to_owned(), None));
        for sender in ["@user-alice:x", "@agent-sofia:x"] {
            assert_eq!(asked_of(sender, "m.room.message", json!({})), alone);
            assert_eq!(asked_of(sender, "m.room.encrypted", json!({"content": {"algorithm": "m"}})), alone);
            assert_eq!(asked_of(sender, "m.reaction", json!({"content": {}})), alone);
        }
        let key = "0".repeat(64);
        let keyed = json!({"content": {"msgtype": "m.text", "body": "x", "city.daarion.key": key}});
        assert_eq!(asked_of("@user-alice:x", "m.room.message", keyed), Some(("$e".to_owned(), Some(key))));
    }

    #[test]
    fn what_the_api_does_not_know_to_the_last_is_not() {
        for sender in ["@bob:x", "@user-alice:far", "@daarion:x", "nobody"] {
            assert_eq!(asked_of(sender, "m.room.message", json!({})), None, "{sender}");
        }
        let edit = json!({"content": {"m.relates_to": {"rel_type": "m.replace", "event_id": "$t"}}});
        assert_eq!(asked_of("@user-alice:x", "m.room.message", edit), None);
        assert_eq!(asked_of("@user-alice:x", "m.room.message", json!({"state_key": ""})), None);
        assert_eq!(asked_of("@user-alice:x", "m.room.message", json!({"event_id": "$e\0"})), None);
        for kind in ["m.room.redaction", "m.room.member", "m.room.name", "m.poll.response"] {
            assert_eq!(asked_of("@user-alice:x", kind, json!({})), None, "{kind}");
        }
    }
}
