//! PUT `/_matrix/app/v1/transactions/:transaction_id`: up to 100 events.
//!
//! Transaction ids start again at 1 after some restarts of the homeserver, so they mean nothing here: an event is
//! known by its own id. A bad event never fails the whole transaction, or the homeserver would send it for ever.

use crate::apply::apply;
use crate::event::{Event, Here};
use crate::homeserver::{Homeserver, MatrixError};
use crate::{ephemeral, forward};
use http::StatusCode;
use messaging_core::json;
use messaging_edge::{Problem, Request, Response, log, parse_json};
use serde::Deserialize;
use serde_json::value::RawValue;

/// 100 events of 64 KiB, escaped, fit.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// More than the homeserver ever sends at once.
const MAX_EVENTS: usize = 1_000;

#[derive(Deserialize)]
struct Transaction {
    /// Each read by itself, so that a malformed one harms no other.
    #[serde(default)]
    events: Vec<Box<RawValue>>,
    #[serde(default)]
    ephemeral: Vec<Box<RawValue>>,
}

pub async fn receive(_: Homeserver, mut request: Request) -> Result<Response, MatrixError> {
    let transaction: Transaction = parse_json(&request.bytes(MAX_BYTES).await?)?;
    let here = Here::from_settings().await?;
    apply_all(&transaction.events, &here, request.id()).await?;
    // The events are stored: whatever becomes of the rest is no reason to send the transaction again.
    ephemeral::apply_all(
        transaction.ephemeral.get(..MAX_EVENTS).unwrap_or(&transaction.ephemeral),
        &here,
        request.id(),
    )
    .await;
    if let Err(problem) = forward::forward(&transaction.events, request.id()).await {
        log::error(request.id(), &format!("nothing forwarded: {problem}"));
    }
    Ok(Response::raw_json(StatusCode::OK, "{}"))
}

/// Brings the index up to date with each event by itself.
pub async fn apply_all(events: &[Box<RawValue>], here: &Here, request_id: &str) -> Result<(), Problem> {
    if events.len() > MAX_EVENTS {
        return Err(Problem::too_large(format!("At most {MAX_EVENTS} events at once.")));
    }
    for event in events {
        let Ok(event) = json::from_str::<Event>(event.get()) else {
            log::info(request_id, "skipped a malformed event");
            continue;
        };
        match apply(&event, here).await {
            Ok(()) => {}
            // PostgreSQL is away: nothing is stored, so the homeserver has to send this again. What was stored stays.
            Err(problem) if problem.status == StatusCode::SERVICE_UNAVAILABLE => return Err(problem),
            Err(problem) => log::error(request_id, &format!("skipped the event {}: {problem}", event.event_id)),
        }
    }
    Ok(())
}
