//! DELETE: takes the caller's own reaction back. Taking back what is not there changes nothing.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::ReactionPath;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::messages::record_redaction;
use messaging_edge::index::reactions::prepare_reaction_removal;
use messaging_edge::{Path, Problem, Response};

/// More than one person's reactions to a message.
const MAX_VARIANTS: usize = 20;

pub async fn remove(caller: Caller, Path(at): Path<ReactionPath>) -> Result<Response, Problem> {
    // By a Matrix client somebody may have reacted with several variants of one picture.
    for _ in 0..MAX_VARIANTS {
        let prepared = prepare_reaction_removal(&caller, &at).await?;
        let Some(event_id) = prepared.event_id else { break };
        Gateway::from_settings().await?.redact(&prepared.room_id, &event_id, caller.id()).await?;
        record_redaction(&prepared.room_id, &event_id, caller.id(), false).await?;
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
