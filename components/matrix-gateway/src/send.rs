//! POST `/internal/matrix/send`: a message, which may come as a whole, or an event that a client has encrypted.

use crate::act;
use crate::content::{self, Message};
use crate::error::GatewayError;
use crate::homeserver::Homeserver;
use crate::ids::{self, own_actor, room_id};
use chrono::{SecondsFormat, Utc};
use http::StatusCode;
use messaging_core::gateway::{SendEvent, Sent};
use messaging_edge::{Json, Response};
use serde_json::{Map, Value};

/// The longest transaction id, in bytes; it becomes part of a path.
const MAX_TXN_ID_BYTES: usize = 255;

/// Sends an event as one of the gateway's own users.
pub async fn send(hs: Homeserver, Json(request): Json<SendEvent>) -> Result<Response, GatewayError> {
    let sender = own_actor(
        ("sender_matrix_id", request.sender_matrix_id.as_deref()),
        ("sender", request.sender.as_deref()),
        hs.server_name(),
    )?;
    let room = room_id(&request.room_id)?;
    if let Some(relates_to) = &request.relates_to {
        check_relation(relates_to)?;
    }
    let relates_to = request.relates_to.as_ref();
    let (event_type, content) = match (request.event_type.as_deref().unwrap_or("m.room.message"), request.content) {
        ("m.room.message", Some(content)) => {
            ("m.room.message", content::whole_message(content, relates_to, &request.extra_content)?)
        }
        ("m.room.message", None) => {
            let message = Message {
                msgtype: request.msgtype.ok_or_else(|| GatewayError::missing("msgtype"))?,
                body: request.body.ok_or_else(|| GatewayError::missing("body"))?,
                format: request.format,
                formatted_body: request.formatted_body,
            };
            ("m.room.message", message.content(relates_to, &request.extra_content)?)
        }
        ("m.room.encrypted", content) => {
            let content = content.ok_or_else(|| GatewayError::invalid("an m.room.encrypted needs its content"))?;
            ("m.room.encrypted", content::encrypted(content, relates_to, &request.extra_content)?)
        }
        _ => return Err(GatewayError::invalid("event_type must be m.room.message or m.room.encrypted")),
    };
    let mut txn_id = txn_id(request.txn_id)?;
    // An edit may have the idempotency key of its message; it is another event all the same.
    if let Some(event) = relates_to.and_then(edited_event) {
        txn_id = format!("{txn_id}.{event}");
    }
    let sent = act::send_event(&hs, &sender, room, event_type, &txn_id, &content).await?;
    let sent_at = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    Ok(Response::json(StatusCode::OK, &Sent { event_id: sent.event_id, sent_at: Some(sent_at) })?)
}

/// The event that a relation replaces.
fn edited_event(relates_to: &Map<String, Value>) -> Option<&str> {
    (relates_to.get("rel_type")? == "m.replace").then(|| relates_to.get("event_id")?.as_str()).flatten()
}

/// The caller's transaction id, or a new one.
pub fn txn_id(given: Option<String>) -> Result<String, GatewayError> {
    match given {
        None => Ok(uuid::Uuid::new_v4().to_string()),
        Some(id) if (1..=MAX_TXN_ID_BYTES).contains(&id.len()) && !id.chars().any(char::is_control) => Ok(id),
        Some(_) => Err(GatewayError::invalid(format!("txn_id must be 1 to {MAX_TXN_ID_BYTES} bytes of text"))),
    }
}

/// Checks the ids in a relation, which the homeserver does not.
fn check_relation(relates_to: &Map<String, Value>) -> Result<(), GatewayError> {
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
    use serde_json::json;

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
