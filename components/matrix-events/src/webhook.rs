//! POST `/webhooks/matrix-events`: events from the platform's own gateway, as it delivers them
//! (`{"subscription_id", "room_id", "event"}`), one by itself, or `{"events": […]}`.

use crate::apply::apply_all;
use crate::event::Here;
use crate::transaction::MAX_BYTES;
use http::StatusCode;
use messaging_core::auth::secrets_match;
use messaging_core::gateway::TOKEN_HEADER;
use messaging_edge::{FromRequest, Problem, Request, Response, json_body, parse_json, settings};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Proof that the request comes from a gateway: it carries the gateway's secret.
pub struct ForeignGateway(());

impl FromRequest for ForeignGateway {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let expected = settings::optional("matrix_gateway_secret").await?.unwrap_or_default();
        if secrets_match(request.header(TOKEN_HEADER).unwrap_or(""), &expected) {
            return Ok(Self(()));
        }
        Err(Problem::unauthenticated("Send X-Internal-Service-Token: <MATRIX_GATEWAY_SECRET>."))
    }
}

/// What tells the forms of a body apart; a Matrix event has neither.
#[derive(Deserialize)]
struct Body {
    events: Option<Vec<Box<RawValue>>>,
    room_id: Option<String>,
    event: Option<Box<RawValue>>,
}

pub async fn receive(_: ForeignGateway, mut request: Request) -> Result<Response, Problem> {
    json_body(&request)?;
    let body = request.bytes(MAX_BYTES).await?;
    let events = match parse_json::<Body>(&body)? {
        Body { events: Some(events), .. } => events,
        Body { event: Some(event), room_id, .. } => vec![in_room(event, room_id.as_deref())?],
        _ => vec![parse_json(&body)?],
    };
    apply_all(&events, &Here::of_request(request.id()).await?, request.id()).await?;
    Ok(Response::raw_json(StatusCode::OK, "{}"))
}

/// An event that names its room. The specification's deliveries name it beside the event.
pub fn in_room(event: Box<RawValue>, room_id: Option<&str>) -> Result<Box<RawValue>, Problem> {
    let Some(room_id) = room_id else { return Ok(event) };
    let mut members: BTreeMap<String, &RawValue> =
        serde_json::from_str(event.get()).map_err(|e| Problem::invalid_field("event", format!("does not fit: {e}")))?;
    let room = serde_json::value::to_raw_value(room_id).map_err(Problem::internal)?;
    let named =
        members.insert("room_id".to_owned(), &room).map(|named| serde_json::from_str::<String>(named.get()).ok());
    if named.is_some_and(|named| named.as_deref() != Some(room_id)) {
        return Err(Problem::invalid_field("event/room_id", "is another room than room_id"));
    }
    serde_json::value::to_raw_value(&members).map_err(Problem::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(event: &str, room_id: Option<&str>) -> Result<String, Problem> {
        in_room(RawValue::from_string(event.to_owned()).unwrap(), room_id).map(|event| event.get().to_owned())
    }

    #[test]
    fn the_room_beside_the_event_is_the_events_room() {
        let event = r#"{"type":"m.room.message","content":{"a":1.0}}"#;
        assert_eq!(
            placed(event, Some("!r")).unwrap(),
            r#"{"content":{"a":1.0},"room_id":"!r","type":"m.room.message"}"#
        );
        assert_eq!(placed(event, None).unwrap(), event);
        assert!(placed(r#"{"room_id":"!r"}"#, Some("!r")).is_ok());
        for odd in [r#"{"room_id":"!other"}"#, r#"{"room_id":null}"#, "[1]", "1"] {
            assert_eq!(placed(odd, Some("!r")).unwrap_err().status, StatusCode::UNPROCESSABLE_ENTITY, "{odd}");
        }
    }
}
