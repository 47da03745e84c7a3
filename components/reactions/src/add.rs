//! PUT: reacts. Reacting so again changes nothing.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::idempotency::digest;
use messaging_core::paths::ReactionPath;
use messaging_edge::acts::{self, Asked};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::reactions::{RecordReaction, prepare_reaction, record_reaction};
use messaging_edge::{IdempotencyKey, Path, Problem, Response};

pub async fn add(caller: Caller, Path(at): Path<ReactionPath>, key: IdempotencyKey) -> Result<Response, Problem> {
    let resource = format!("{} {}", at.message_id, at.emoji);
    let asked = Asked { act: "PUT reaction", channel_id: at.channel_id, resource: &resource, body: "" };
    acts::once(&caller, key, asked, carry_out(&caller, &at)).await
}

async fn carry_out(caller: &Caller, at: &ReactionPath) -> Result<Response, Problem> {
    let prepared = prepare_reaction(caller, at).await?;
    if prepared.has_reacted {
        return Ok(Response::empty(StatusCode::NO_CONTENT));
    }
    let gateway = Gateway::from_settings().await?;
    let reactor_matrix_id = gateway.matrix_id(caller.id());
    if prepared.must_join {
        acts::enter(caller, at.channel_id, &prepared.room_id, &gateway).await?;
    }
    // The homeserver's own check for duplicates does not hold for requests at the same time; a transaction does.
    // Each time that somebody reacts so anew is an act of its own.
    let last = prepared.last_event_id.as_deref().unwrap_or("");
    let txn_id = digest(&["react", &prepared.event_id, caller.id().as_str(), &at.emoji, last]);
    let sent = gateway.send_reaction(&prepared.room_id, &prepared.event_id, caller.id(), &at.emoji, &txn_id).await?;
    let left_out = record_reaction(RecordReaction {
        room_id: &prepared.room_id,
        target_event_id: &prepared.event_id,
        event_id: &sent.event_id,
        reactor_id: caller.id(),
        reactor_matrix_id: &reactor_matrix_id,
        emoji: &at.emoji,
        is_pushed: false,
        sent_at: None,
    })
    .await?;
    if let Some(refusal) = left_out {
        // Others were faster, or the message has gone meanwhile: nobody shall see in Matrix what is refused here.
        gateway.redact(&prepared.room_id, &sent.event_id, caller.id()).await?;
        return Err(refusal.into());
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
