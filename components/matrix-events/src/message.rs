//! A message of any kind, or an edit of one.

use crate::event::{Event, Here};
use messaging_core::file;
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::{EntityId, EntityKind};
use messaging_core::matrix::{self, Described, FINGERPRINT_FIELD, KEY_FIELD, MessageKind};
use messaging_core::mention;
use messaging_core::poll::question;
use messaging_core::search::Entry;
use messaging_core::text::{beginning, storable};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::messages::{RecordEdit, RecordMessage, record_edit, record_message};
use serde_json::Value;

pub async fn apply(event: &Event, sender_id: &EntityId, here: &Here) -> Result<(), Error> {
    let content = &event.content;
    let kind = matrix::message_kind(content.get("m.relates_to"));
    let (reply_to_event_id, thread_event_id) = match kind {
        MessageKind::Message { reply_to_event_id, thread_event_id } => (reply_to_event_id, thread_event_id),
        MessageKind::Edit { target_event_id: None } => return Ok(()),
        MessageKind::Edit { target_event_id: Some(target_event_id) } => {
            return edit(event, sender_id, target_event_id, here).await;
        }
    };
    // A redacted event has no content left.
    let Some(described) = matrix::describe(&event.event_type, content) else { return Ok(()) };
    let described = described.shown(kind);
    let is_ours = sender_id.kind() != EntityKind::MatrixPerson;
    let client_key = client_key(event, sender_id);
    let fingerprint = matrix::text(content, FINGERPRINT_FIELD).filter(|_| client_key.is_some());
    let sent_at = event.sent_at();
    let pushed_content = (!is_ours).then(|| all_storable(content));
    let poll = question(&event.event_type, content);
    let file = file::in_content(&event.event_type, content);
    let record = RecordMessage {
        room_id: &event.room_id,
        event_id: &event.event_id,
        event_type: &event.event_type,
        sender_id,
        sender_matrix_id: &event.sender,
        content_preview: &beginning(&described.text),
        content_type: described.content_type,
        reply_to_event_id,
        client_key: client_key.as_ref(),
        fingerprint: fingerprint.filter(|fingerprint| !fingerprint.contains('\0')),
        sent_at: sent_at.as_deref(),
        pushed_content: pushed_content.as_ref(),
        is_pushed: true,
        mentions: &mention::in_content(content, &here.server_name),
        thread_event_id,
        poll: poll.as_ref(),
        search: &Entry::of(&described),
        file: file.as_ref(),
    };
    record_message(record).await.map(|_| ())
}

/// The idempotency key in an event. Only our own users' may be the API's; the index knows which are.
pub fn client_key(event: &Event, sender_id: &EntityId) -> Option<ClientKey> {
    let is_ours = sender_id.kind() != EntityKind::MatrixPerson;
    matrix::text(&event.content, KEY_FIELD).filter(|_| is_ours).and_then(ClientKey::stored)
}

async fn edit(event: &Event, sender_id: &EntityId, target_event_id: &str, here: &Here) -> Result<(), Error> {
    let edited_at = event.changed_at();
    let new_content = matrix::new_content(&event.event_type, &event.content);
    let described = new_content.and_then(|content| matrix::describe(&event.event_type, content));
    let preview = described.as_ref().map(|described| beginning(&described.text));
    let unquoted = described.as_ref().and_then(Described::unquoted);
    let (search, unquoted_search) = (described.as_ref().map(Entry::of), unquoted.as_ref().map(Entry::of));
    let unquoted_preview = unquoted.as_ref().map(|described| beginning(&described.text));
    let poll = new_content.and_then(|content| question(&event.event_type, content));
    let file = new_content.and_then(|content| file::in_content(&event.event_type, content));
    let record = RecordEdit {
        room_id: &event.room_id,
        target_event_id,
        event_id: &event.event_id,
        sender_id,
        content_preview: preview.as_deref(),
        edited_at: &edited_at,
        client_key: None,
        origin_ts: Some(event.milliseconds()),
        event_type: &event.event_type,
        content_type: described.as_ref().map(|described| described.content_type),
        mentions: &new_content.map(|content| mention::in_content(content, &here.server_name)).unwrap_or_default(),
        unquoted_preview: unquoted_preview.as_deref(),
        poll: poll.as_ref(),
        search: search.as_ref(),
        unquoted_search: unquoted_search.as_ref(),
        file: file.as_ref(),
    };
    if record_edit(record).await?.is_deleted {
        // Its message is gone, and so must its text be.
        Gateway::from_settings().await?.redact(&event.room_id, &event.event_id, sender_id).await?;
    }
    Ok(())
}

/// With every text as it can be stored.
pub(crate) fn all_storable(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(storable(text)),
        Value::Array(items) => items.iter().map(all_storable).collect(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (storable(key), all_storable(value))).collect(),
        other => other.clone(),
    }
}
