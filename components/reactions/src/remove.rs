//! DELETE: takes the caller's own reaction back. Taking back what is not there changes nothing.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::ReactionPath;
use messaging_edge::acts::{self, Asked};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::messages::record_redaction;
use messaging_edge::index::reactions::prepare_reaction_removal;
use messaging_edge::{IdempotencyKey, Path, Problem, Response};

/// More than one person's reactions to a message.
const MAX_VARIANTS: usize = 20;

pub async fn remove(caller: Caller, Path(at): Path<ReactionPath>, key: IdempotencyKey) -> Result<Response, Problem> {
    let resource = format!("{} {}", at.message_id, at.emoji);
    let asked = Asked { act: "DELETE reaction", channel_id: at.channel_id, resource: &resource, body: "" };
    acts::once(&caller, key, asked, carry_out(&caller, &at)).await
}

async fn carry_out(caller: &Caller, at: &ReactionPath) -> Result<Response, Problem> {
    // By a Matrix client somebody may have reacted with several variants of one picture.
    for _ in 0..MAX_VARIANTS {
        let prepared = prepare_reaction_removal(caller, at).await?;
        let Some(event_id) = prepared.event_id else { break };
        Gateway::from_settings().await?.redact(&prepared.room_id, &event_id, caller.id()).await?;
        record_redaction(&prepared.room_id, &event_id, caller.id(), false, Vec::new()).await?;
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
