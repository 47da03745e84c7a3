//! `m.room.redaction`: of a message, of a reaction, or of an edit, which brings back what was there before.

use crate::event::{Event, Here, is_id, rfc3339};
use messaging_core::file;
use messaging_core::poll::question;
use messaging_core::search::Entry;
use messaging_core::text::beginning;
use messaging_core::{matrix, mention};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::messages::{
    RecordEditRedaction, find_message_of_edit, record_edit_redaction, record_redaction,
};
use messaging_edge::index::rooms::Sender;
use messaging_edge::{Problem, acts};
use std::time::{Duration, Instant};

/// After a failure no further edit is redacted beyond this time. The homeserver waits 60 seconds for a response.
const PATIENCE: Duration = Duration::from_secs(20);

pub async fn apply(event: &Event, sender: &Sender, here: &Here) -> Result<(), Error> {
    // From room version 11 on the target is in the content (Matrix specification, "Room version 11").
    let target = matrix::text(&event.content, "redacts").or(event.redacts.as_deref()).filter(|id| is_id(id));
    let Some(target) = target else { return Ok(()) };
    match find_message_of_edit(&event.room_id, target).await? {
        Some(message_event_id) => of_edit(event, &message_event_id, target, here).await,
        None => of_another(event, target, sender).await,
    }
}

/// Of a message, a reaction, or an edit that is not shown. With a message each of its edits goes: whoever deletes it in a
/// Matrix client has redacted only its first text. One that cannot go keeps none of the others.
async fn of_another(event: &Event, target: &str, sender: &Sender) -> Result<(), Error> {
    let left = record_redaction(&event.room_id, target, &sender.id, sender.is_bot, Vec::new()).await?;
    if left.edits.is_empty() && left.unpin_room_id.is_none() {
        return Ok(());
    }
    let (gateway, began) = (Gateway::from_settings().await?, Instant::now());
    let mut failed: Option<Problem> = None;
    if let Some(room_id) = left.unpin_room_id
        && let Err(problem) = acts::unpin(&gateway, &room_id, target).await
    {
        failed = Some(problem);
    }
    for edit in left.edits {
        if failed.is_some() && began.elapsed() > PATIENCE {
            break;
        }
        let Err(problem) = gateway.redact(&event.room_id, &edit, &sender.id).await else { continue };
        // What may pass makes the event come again, a refusal does not: so it is not to be hidden behind one.
        let is_worse = |first: &Problem| problem.status.is_server_error() && !first.status.is_server_error();
        if failed.as_ref().is_none_or(is_worse) {
            failed = Some(problem);
        }
    }
    failed.map_or(Ok(()), |problem| Err(problem.into()))
}

async fn of_edit(event: &Event, message_event_id: &str, redacted_event_id: &str, here: &Here) -> Result<(), Error> {
    // Without a response the text goes all the same: better no preview than one that was taken back.
    let gateway = Gateway::from_settings().await?;
    let message = gateway.event(&event.room_id, message_event_id).await.unwrap_or_default();
    let content = message.newest_content();
    let described = message.shown(&content);
    let edit = message.newest_edit();
    let edited_at = edit.as_ref().and_then(|edit| rfc3339(&edit.origin_server_ts));
    record_edit_redaction(RecordEditRedaction {
        room_id: &event.room_id,
        event_id: message_event_id,
        redacted_event_id,
        content_preview: &beginning(described.as_ref().map_or("", |described| &described.text)),
        edit_event_id: edit.as_ref().and_then(|edit| edit.event_id.as_deref()),
        edited_at: edited_at.as_deref(),
        content_type: described.as_ref().map(|described| described.content_type),
        mentions: &mention::in_content(&content, &here.server_name),
        poll: message.event_type.as_deref().and_then(|kind| question(kind, &content)).as_ref(),
        search: described.as_ref().map(Entry::of).as_ref(),
        file: message.event_type.as_deref().and_then(|kind| file::in_content(kind, &content)).as_ref(),
    })
    .await
}
