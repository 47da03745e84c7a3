//! Queues events for those who subscribed to their room at matrix-gateway.
//!
//! Nobody is called here: ws-relay delivers what is in the queue, so that a subscriber's slowness is no other's.

use crate::event::is_id;
use messaging_core::json;
use messaging_core::matrix::{self, MessageKind, message_kind, read_content};
use messaging_edge::index::subscriptions::{PushedEvent, queue_deliveries};
use messaging_edge::{Problem, log, settings};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// How many events of a subscription wait at most.
const MAX_QUEUED: i32 = 1_000;
/// The longest event type, in bytes (Matrix specification, "Size limits").
const MAX_TYPE_BYTES: usize = 255;

/// The parts of an event by which it is chosen, and by which it goes again.
#[derive(Deserialize)]
struct Head {
    event_id: String,
    room_id: String,
    #[serde(rename = "type")]
    event_type: String,
    redacts: Option<String>,
    content: Option<Box<RawValue>>,
}

impl Head {
    fn of(event: &RawValue) -> Option<(Self, Value)> {
        let head: Self = json::from_str(event.get()).ok()?;
        let can_be_stored = is_id(&head.event_id)
            && is_id(&head.room_id)
            && head.event_type.len() <= MAX_TYPE_BYTES
            && !head.event_type.contains('\0');
        let content = head.content.as_ref().and_then(|content| read_content(content).ok()).unwrap_or_default();
        can_be_stored.then_some((head, content))
    }
}

/// Queues a transaction's events. A failure is a reason for the homeserver to send the transaction again.
pub async fn queue(events: &[Box<RawValue>], request_id: &str) -> Result<(), Problem> {
    // Without an allowed host nobody can subscribe, and most installations have none.
    if events.is_empty() || settings::optional("webhook_allowed_host").await?.is_none() {
        return Ok(());
    }
    let heads: Vec<_> = events.iter().filter_map(|event| Some((Head::of(event)?, event.get()))).collect();
    let pushed: Vec<_> = heads.iter().map(|((head, content), event)| pushed(head, content, event)).collect();
    let queued = queue_deliveries(&pushed, MAX_QUEUED).await?;
    if queued.dropped > 0 {
        log::error(request_id, &format!("{} deliveries to webhooks found a full queue", queued.dropped));
    }
    Ok(())
}

fn pushed<'a>(head: &'a Head, content: &'a Value, event: &'a str) -> PushedEvent<'a> {
    let redacted = || matrix::text(content, "redacts").or(head.redacts.as_deref()).filter(|id| is_id(id));
    PushedEvent {
        room_id: &head.room_id,
        event_id: &head.event_id,
        event_type: &head.event_type,
        redacted_id: if head.event_type == "m.room.redaction" { redacted() } else { None },
        edited_id: match message_kind(content.get("m.relates_to")) {
            MessageKind::Edit { target_event_id } => target_event_id,
            MessageKind::Message { .. } => None,
        },
        event,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(event: Value) -> Option<(Option<String>, Option<String>)> {
        let event = RawValue::from_string(event.to_string()).unwrap();
        let (head, content) = Head::of(&event)?;
        let pushed = pushed(&head, &content, event.get());
        Some((pushed.redacted_id.map(str::to_owned), pushed.edited_id.map(str::to_owned)))
    }

    #[test]
    fn what_an_event_redacts_or_edits_is_found() {
        let event =
            |kind: &str, content: Value| json!({"event_id": "$e", "room_id": "!r", "type": kind, "content": content});
        assert_eq!(read(event("m.room.message", json!({"redacts": "$x"}))), Some((None, None)));
        assert_eq!(read(event("m.room.redaction", json!({"redacts": "$x"}))), Some((Some("$x".to_owned()), None)));
        let old = json!({"event_id": "$e", "room_id": "!r", "type": "m.room.redaction", "redacts": "$x"});
        assert_eq!(read(old), Some((Some("$x".to_owned()), None)));
        let edit = json!({"m.relates_to": {"rel_type": "m.replace", "event_id": "$x"}});
        assert_eq!(read(event("m.room.message", edit)), Some((None, Some("$x".to_owned()))));
    }

    #[test]
    fn what_cannot_be_stored_is_not_queued() {
        for odd in [
            json!(null),
            json!([1]),
            json!({"event_id": "$e", "room_id": "!r"}),
            json!({"event_id": "$e\0", "room_id": "!r", "type": "t"}),
            json!({"event_id": "$e", "room_id": "!r", "type": "\0"}),
            json!({"event_id": "$e", "room_id": "x".repeat(300), "type": "t"}),
        ] {
            assert_eq!(read(odd.clone()), None, "{odd}");
        }
    }
}
