//! POST: removes what has had its time or is of somebody who is erased. ws-relay has noted it, and asks for it.

use crate::departure;
use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::ids::EntityId;
use messaging_core::life::Removed;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::life::{Removal, claim_removals, end_removal, return_removals};
use messaging_edge::{Problem, Response, acts, log};
use std::time::{Duration, Instant};

/// How many one request takes, and no further one is begun beyond this time.
const BATCH: i32 = 20;
const PATIENCE: Duration = Duration::from_secs(10);
/// When those that are taken are given back, in seconds: well after the last call of a request has ended.
const LEASE: i32 = 60;

pub async fn remove(_: Internal) -> Result<Response, Problem> {
    let gateway = Gateway::from_settings().await?;
    let bot = acts::bot(&gateway).await?;
    let began = Instant::now();
    let due = claim_removals(BATCH, LEASE).await?;
    let mut outcome =
        Removed { has_more: i32::try_from(due.len()).is_ok_and(|count| count == BATCH), ..Removed::default() };
    let (mut left, mut failed) = (due.into_iter(), None);
    for removal in left.by_ref() {
        let ended = if began.elapsed() > PATIENCE { Ok(None) } else { remove_one(&gateway, &removal, &bot).await };
        match ended.as_ref().map(Option::as_deref) {
            Ok(Some("removed")) => outcome.removed += 1,
            Ok(Some("refused")) => outcome.refused += 1,
            Ok(Some("waits")) => outcome.waiting += 1,
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => {
                failed = ended.err();
                return_removals(std::iter::once(removal).chain(left).map(|one| one.event_id).collect()).await?;
                break;
            }
        }
    }
    if failed.is_none() {
        match departure::go_on(&gateway, &bot).await {
            Ok(goes_on) => outcome.has_more |= goes_on,
            Err(problem) => failed = Some(problem),
        }
    }
    if let Some(problem) = failed {
        // The homeserver is slow or away: they come again.
        if !problem.is_outage_of_matrix() {
            return Err(problem);
        }
        log::info("", &format!("what has had its time waits for the homeserver: {problem}"));
        outcome.is_away = true;
    }
    Response::json(StatusCode::OK, &outcome)
}

/// What came of it.
async fn remove_one(gateway: &Gateway, removal: &Removal, bot: &EntityId) -> Result<Option<String>, Problem> {
    let (mut is_redacted, mut edits) = (true, Vec::new());
    if !removal.is_redacted {
        match redact(gateway, removal, bot).await {
            Ok(known) => edits = known,
            // The room does not let the bot. That holds up nothing else, whichever call it is that tells so.
            Err(problem) if problem.status.is_client_error() => {
                log::info("", &format!("{} cannot be redacted: {problem}", removal.event_id));
                is_redacted = false;
            }
            Err(problem) => return Err(problem),
        }
    }
    let ended = end_removal(&removal.event_id, bot, is_redacted, edits).await?;
    if let Some(room_id) = ended.unpin_room_id {
        acts::unpin(gateway, &room_id, &removal.event_id).await?;
    }
    Ok(Some(ended.outcome))
}

/// Redacts it; the edits that Matrix knows of it.
async fn redact(gateway: &Gateway, removal: &Removal, bot: &EntityId) -> Result<Vec<String>, Problem> {
    // Before: of a message that is redacted the homeserver names no edits.
    let edits = if removal.is_message { gateway.edits(&removal.room_id, &removal.event_id).await? } else { Vec::new() };
    gateway.redact(&removal.room_id, &removal.event_id, bot).await?;
    Ok(edits)
}
