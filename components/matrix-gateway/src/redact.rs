//! POST `/internal/matrix/redact`.

use crate::act::{as_person_or_bot, with_reason};
use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, v3};
use crate::ids::{actor, event_id, room_id};
use http::StatusCode;
use messaging_core::gateway::{Redact, Sent};
use messaging_edge::{Json, Response};
use serde_json::json;

/// Redacts as the person, or as the bot where their power level does not reach or nobody is named.
pub async fn redact(hs: Homeserver, Json(request): Json<Redact>) -> Result<Response, GatewayError> {
    let (room, event) = (room_id(&request.room_id)?, event_id(&request.event_id)?);
    let person = actor(
        ("sender_matrix_id", request.sender_matrix_id.as_deref()),
        ("sender", request.sender.as_deref()),
        hs.server_name(),
    )?;
    let body = with_reason(json!({}), request.reason.as_deref());
    let redact = async |acting: Acting<'_>| {
        let who = match acting {
            Acting::Bot => "bot",
            Acting::Person(person) => person.localpart(),
        };
        // An event can be redacted once: a transaction id made from the request lets a retry get the first redaction.
        // It names the event because the homeserver stores transaction ids per room and user, without the path.
        let txn_id = format!("{who}.redact.{event}");
        hs.transact(acting, &v3(&["rooms", room, "redact", event, &txn_id]), &body).await
    };
    let redaction = match &person {
        Some(person) if request.as_bot_if_needed == Some(false) => redact(Acting::Person(person)).await?,
        person => as_person_or_bot(person.as_ref(), redact).await?,
    };
    Ok(Response::json(StatusCode::OK, &Sent { event_id: redaction.event_id, sent_at: None })?)
}
