//! PUT `/_matrix/app/v1/transactions/:id`: up to 100 events.
//!
//! Transaction ids start again at 1 after some restarts of the homeserver, so they mean nothing here: an event is
//! known by its own id. A bad event never fails the whole transaction, or the homeserver would send it for ever.

use crate::{forward, index};
use http::StatusCode;
use messaging_edge::{Problem, Reply, Request, log, settings};
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
}

pub async fn receive(request: Request) -> Result<Reply, Problem> {
    let id = request.id.clone();
    let body = request.bytes(MAX_BYTES).await?;
    let transaction: Transaction = messaging_edge::request::parse_json(&body)?;
    apply_all(&transaction.events, &id).await?;
    // The events are stored: whatever happens to the copies is no reason to send the transaction again.
    if let Err(problem) = forward::forward(&transaction.events, &id).await {
        log::error(&id, &format!("nothing forwarded: {problem}"));
    }
    Ok(Reply::raw_json(StatusCode::OK, "{}"))
}

/// Brings the index up to date with each event by itself.
pub async fn apply_all(events: &[Box<RawValue>], request_id: &str) -> Result<(), Problem> {
    if events.len() > MAX_EVENTS {
        return Err(Problem::too_large(format!("At most {MAX_EVENTS} events at once.")));
    }
    let server_name = settings::required("matrix_server_name").await?;
    let bot = format!("@{}:{server_name}", settings::required("matrix_bot_localpart").await?);
    for event in events {
        let Ok(event) = serde_json::from_str::<index::Event>(event.get()) else {
            log::info(request_id, "skipped a malformed event");
            continue;
        };
        match index::apply(&event, &server_name, &bot).await {
            Ok(()) => {}
            // PostgreSQL is away: nothing is stored, so the homeserver has to send this again. What was stored stays.
            Err(problem) if problem.status == StatusCode::SERVICE_UNAVAILABLE => return Err(problem),
            Err(problem) => log::error(request_id, &format!("skipped the event {}: {problem}", event.event_id)),
        }
    }
    Ok(())
}
