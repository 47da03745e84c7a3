//! DELETE: redacts the message; the index forgets its text. Deleting again is no error.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::MessagePath;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::messages::{prepare_deletion, record_redaction};
use messaging_edge::{Path, Problem, Response};

pub async fn delete(caller: Caller, Path(at): Path<MessagePath>) -> Result<Response, Problem> {
    let prepared = prepare_deletion(&caller, at).await?;
    if !prepared.is_deleted {
        Gateway::from_settings().await?.redact(&prepared.room_id, &prepared.event_id, caller.id()).await?;
        record_redaction(&prepared.room_id, &prepared.event_id, caller.id(), false).await?;
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
