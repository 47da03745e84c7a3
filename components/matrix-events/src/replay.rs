//! `/internal/messaging/set-aside-events`: what is set aside, and another try.

use crate::event::Here;
use crate::kinds::apply;
use crate::set_aside::{Outcome, Waiting, failed};
use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::fault::Fault;
use messaging_core::set_aside::Replayed;
use messaging_edge::acts::{self, Asked};
use messaging_edge::index::set_aside::{forget_set_aside_event, list_set_aside_events, next_set_aside_event};
use messaging_edge::{IdempotencyKey, Problem, RequestId, Response};
use serde_json::value::RawValue;
use std::time::{Duration, Instant};

/// How many are listed.
const MAX_LISTED: i32 = 200;
/// How many are tried in one request, and for how long.
const MAX_REPLAYED: usize = 100;
const PATIENCE: Duration = Duration::from_secs(20);

/// GET: the events that are set aside.
pub async fn list(_: Internal) -> Result<Response, Problem> {
    Ok(Response::document(StatusCode::OK, list_set_aside_events(MAX_LISTED).await?))
}

/// POST `…/replay`: tries them again, oldest first.
pub async fn replay(
    internal: Internal,
    RequestId(request_id): RequestId,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let asked = Asked { act: "POST replay", channel_id: acts::NO_CHANNEL, resource: "", body: "" };
    acts::once(&internal.service(), key, asked, carry_out(&request_id)).await
}

async fn carry_out(request_id: &str) -> Result<Response, Problem> {
    let (here, began) = (Here::of_request(request_id).await?, Instant::now());
    let mut replayed = Replayed::default();
    let mut next = next_set_aside_event(None).await?;
    for _ in 0..MAX_REPLAYED {
        let Some(event) = next.event else { break };
        let event = RawValue::from_string(event).map_err(Problem::internal)?;
        match again(&event, &here, request_id).await? {
            true => replayed.indexed += 1,
            false => replayed.failed += 1,
        }
        if began.elapsed() > PATIENCE {
            break;
        }
        next = next_set_aside_event(Some(&next.since)).await?;
    }
    Response::json(StatusCode::OK, &replayed)
}

/// Whether an event could be indexed.
async fn again(event: &RawValue, here: &Here, request_id: &str) -> Result<bool, Problem> {
    let mut waiting = Waiting::new([event], request_id);
    let unreadable = || Problem::internal("an event that is set aside cannot be read");
    let (event, text) = waiting.next().ok_or_else(unreadable)?;
    let Err(error) = apply(&event, here).await else {
        forget_set_aside_event(&event.event_id).await?;
        return Ok(true);
    };
    let Some(fault) = error.fault() else {
        // A decision: the event does not concern the index.
        forget_set_aside_event(&event.event_id).await?;
        return Ok(true);
    };
    match failed(&event, text, error, fault, &waiting).await {
        Outcome::Again { problem, fault: Fault::Database } => Err(problem),
        _ => Ok(false),
    }
}
