//! DELETE: redacts the message and each of its edits; the index forgets their text. Deleting again is no error, and goes on
//! with edits that are left.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::MessagePath;
use messaging_edge::acts::{self, Asked};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::messages::{prepare_deletion, record_redaction};
use messaging_edge::index::requests::Intent;
use messaging_edge::{IdempotencyKey, Path, Problem, Response};
use std::time::{Duration, Instant};

/// No further edits are redacted beyond this time. What is left goes with the pushes of the redactions, or with a retry.
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn delete(caller: Caller, Path(at): Path<MessagePath>, key: IdempotencyKey) -> Result<Response, Problem> {
    let message_id = at.message_id.to_string();
    let asked = Asked { act: "DELETE message", channel_id: at.channel_id, resource: &message_id, body: "" };
    acts::once(&caller, key, asked, carry_out(&caller, at)).await
}

async fn carry_out(caller: &Caller, at: MessagePath) -> Result<Response, Problem> {
    let prepared = prepare_deletion(caller, at).await?;
    let (room_id, event_id) = (&prepared.room_id, &prepared.event_id);
    let (gateway, began) = (Gateway::from_settings().await?, Instant::now());
    let mut known = Vec::new();
    if !prepared.is_deleted {
        // Before: of a message that is redacted the homeserver names no edits.
        known = gateway.edits(room_id, event_id).await?;
        let intent = Intent { channel_id: at.channel_id, act: "delete", target_id: event_id };
        acts::intended(caller, intent, gateway.redact(room_id, event_id, caller.id())).await?;
    }
    let left = record_redaction(room_id, event_id, caller.id(), false, known).await?;
    if let Some(room_id) = left.unpin_room_id {
        acts::unpin(&gateway, &room_id, event_id).await?;
    }
    let mut edits = left.edits;
    while let Some(edit) = edits.pop() {
        if began.elapsed() > PATIENCE {
            return Err(Problem::homeserver_timeout("the message is deleted, and edits of it are left"));
        }
        gateway.redact(room_id, &edit, caller.id()).await?;
        let next = record_redaction(room_id, &edit, caller.id(), false, Vec::new()).await?;
        if edits.is_empty() {
            edits = next.edits;
        }
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
