//! POST `/internal/matrix/redact`.

use crate::act::{as_person_or_bot, with_reason};
use crate::answer::Refusal;
use crate::homeserver::{Acting, Homeserver, v3};
use crate::ids::{actor, event_id, room_id};
use http::StatusCode;
use messaging_edge::{Reply, Request};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Redact {
    room_id: String,
    event_id: String,
    reason: Option<String>,
    sender: Option<String>,
    sender_matrix_id: Option<String>,
    /// `false` leaves it at what the person's own power level allows.
    #[serde(default = "yes")]
    as_bot_if_needed: bool,
}

fn yes() -> bool {
    true
}

/// Redacts as the person, or as the bot where their power level does not reach or nobody is named.
pub async fn post(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let asked: Redact = request.json().await?;
    let (room, event) = (room_id(&asked.room_id)?, event_id(&asked.event_id)?);
    let person = actor(
        ("sender_matrix_id", asked.sender_matrix_id.as_deref()),
        ("sender", asked.sender.as_deref()),
        &hs.server_name,
    )?;
    let body = with_reason(json!({}), asked.reason.as_deref());
    let redact = async |acting: Acting<'_>| {
        let who = match acting {
            Acting::Bot => "bot",
            Acting::Person(person) => person.localpart(),
        };
        // An event can be redacted once: a transaction id made of what is asked makes a retry answer the first.
        // It names the event because the homeserver stores transaction ids per room and user, without the path.
        let txn_id = format!("{who}.redact.{event}");
        hs.transact(acting, &v3(&["rooms", room, "redact", event, &txn_id]), &body).await
    };
    let redaction = match &person {
        Some(person) if !asked.as_bot_if_needed => redact(Acting::Person(person)).await?,
        person => as_person_or_bot(person.as_ref(), redact).await?,
    };
    Ok(Reply::json(StatusCode::OK, &json!({"event_id": redaction.event_id}))?)
}
