//! POST `/internal/matrix/send`: a message, or an event that a client has encrypted.

use crate::act;
use crate::answer::Refusal;
use crate::content::{self, Message};
use crate::homeserver::Homeserver;
use crate::ids::{self, own_actor, room_id};
use chrono::{SecondsFormat, Utc};
use http::StatusCode;
use messaging_edge::{Reply, Request};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The longest transaction id, in bytes; it becomes part of a path.
const MAX_TXN_ID_BYTES: usize = 255;

#[derive(Deserialize)]
struct Send {
    room_id: String,
    sender: Option<String>,
    sender_matrix_id: Option<String>,
    event_type: Option<String>,
    msgtype: Option<String>,
    body: Option<String>,
    format: Option<String>,
    formatted_body: Option<String>,
    relates_to: Option<Map<String, Value>>,
    txn_id: Option<String>,
    #[serde(default)]
    extra_content: Map<String, Value>,
    /// Of an `m.room.encrypted`.
    content: Option<Map<String, Value>>,
}

/// Answers a request.
pub async fn post(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let send: Send = request.json().await?;
    let sender = own_actor(
        ("sender_matrix_id", send.sender_matrix_id.as_deref()),
        ("sender", send.sender.as_deref()),
        &hs.server_name,
    )?;
    let room = room_id(&send.room_id)?;
    if let Some(relates_to) = &send.relates_to {
        check_relation(relates_to)?;
    }
    let relates_to = send.relates_to.as_ref();
    let (event_type, content) = match send.event_type.as_deref().unwrap_or("m.room.message") {
        "m.room.message" => {
            let missing =
                |field: &str| Refusal::new(StatusCode::BAD_REQUEST, "M_BAD_JSON", format!("{field} is missing"));
            let message = Message {
                msgtype: send.msgtype.ok_or_else(|| missing("msgtype"))?,
                body: send.body.ok_or_else(|| missing("body"))?,
                format: send.format,
                formatted_body: send.formatted_body,
            };
            ("m.room.message", message.content(relates_to, &send.extra_content)?)
        }
        "m.room.encrypted" => {
            let content = send.content.ok_or_else(|| Refusal::invalid("an m.room.encrypted needs its content"))?;
            ("m.room.encrypted", content::encrypted(content, relates_to, &send.extra_content)?)
        }
        _ => return Err(Refusal::invalid("event_type must be m.room.message or m.room.encrypted")),
    };
    let mut txn_id = txn_id(send.txn_id)?;
    // An edit under the key of the message that it edits is another event.
    if let Some(event) = relates_to.and_then(edited) {
        txn_id = format!("{txn_id}.{event}");
    }
    let sent = act::send_event(hs, &sender, room, event_type, &txn_id, &content).await?;
    let sent_at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    Ok(Reply::json(StatusCode::OK, &json!({"event_id": sent.event_id, "sent_at": sent_at}))?)
}

/// The event that a relation replaces.
fn edited(relates_to: &Map<String, Value>) -> Option<&str> {
    (relates_to.get("rel_type")? == "m.replace").then(|| relates_to.get("event_id")?.as_str()).flatten()
}

/// The caller's transaction id, or a new one.
pub fn txn_id(given: Option<String>) -> Result<String, Refusal> {
    match given {
        None => Ok(uuid::Uuid::new_v4().to_string()),
        Some(id) if (1..=MAX_TXN_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control) => Ok(id),
        Some(_) => Err(Refusal::invalid(format!("txn_id must be 1 to {MAX_TXN_ID_BYTES} bytes of text"))),
    }
}

/// The ids in a relation; the homeserver takes anything there.
fn check_relation(relates_to: &Map<String, Value>) -> Result<(), Refusal> {
    let reply = relates_to.get("m.in_reply_to").map(|reply| reply.get("event_id"));
    let relation = relates_to.get("rel_type").map(|_| relates_to.get("event_id"));
    for id in [reply, relation].into_iter().flatten() {
        ids::event_id(id.and_then(Value::as_str).unwrap_or_default())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_names_an_event() {
        let check = |value: Value| check_relation(value.as_object().unwrap());
        assert!(check(json!({"m.in_reply_to": {"event_id": "$x"}})).is_ok());
        assert!(check(json!({"rel_type": "m.replace", "event_id": "$x"})).is_ok());
        for bad in [
            json!({"m.in_reply_to": {}}),
            json!({"m.in_reply_to": 1}),
            json!({"rel_type": "m.replace"}),
            json!({"rel_type": "m.replace", "event_id": "x"}),
        ] {
            assert!(check(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_transaction_id_is_made_when_there_is_none() {
        assert_ne!(txn_id(None).unwrap(), txn_id(None).unwrap());
        assert_eq!(txn_id(Some("a/b".into())).unwrap(), "a/b");
        for bad in ["", "a\n", &"x".repeat(256)] {
            assert!(txn_id(Some(bad.into())).is_err());
        }
    }
}
