//! `m.room.message` and `m.room.encrypted`: a message, or an edit of one.

use crate::event::Event;
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::{EntityId, EntityKind};
use messaging_core::matrix::{self, FINGERPRINT_FIELD, KEY_FIELD, MessageKind};
use messaging_core::text::{beginning, storable, unquoted_beginning};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::messages::{RecordEdit, RecordMessage, record_edit, record_message};
use serde_json::Value;

pub async fn apply(event: &Event, sender_id: &EntityId) -> Result<(), Error> {
    let content = &event.content;
    let is_encrypted = event.event_type == "m.room.encrypted";
    let (msgtype, body) = match (matrix::text(content, "msgtype"), matrix::text(content, "body")) {
        _ if is_encrypted && content.get("algorithm").is_some() => ("", ""),
        (Some(msgtype), Some(body)) => (msgtype, body),
        // A redacted event has no content left.
        _ => return Ok(()),
    };
    let kind = matrix::message_kind(content.get("m.relates_to"));
    let (reply_to_event_id, thread_event_id) = match kind {
        MessageKind::Message { reply_to_event_id, thread_event_id } => (reply_to_event_id, thread_event_id),
        MessageKind::Edit { target_event_id: None } => return Ok(()),
        MessageKind::Edit { target_event_id: Some(target_event_id) } => {
            let body = content.pointer("/m.new_content/body").and_then(Value::as_str).unwrap_or(body);
            return edit(event, sender_id, target_event_id, body).await;
        }
    };
    // Only our own users' keys may be the API's; the index knows which are.
    let is_ours = sender_id.kind() != EntityKind::MatrixPerson;
    let client_key = matrix::text(content, KEY_FIELD).filter(|_| is_ours).and_then(ClientKey::stored);
    let fingerprint = matrix::text(content, FINGERPRINT_FIELD).filter(|_| client_key.is_some());
    let sent_at = event.sent_at();
    let pushed_content = (!is_ours).then(|| all_storable(content));
    let record = RecordMessage {
        room_id: &event.room_id,
        event_id: &event.event_id,
        event_type: &event.event_type,
        sender_id,
        sender_matrix_id: &event.sender,
        content_preview: &beginning(matrix::shown_body(body, kind)),
        content_type: matrix::content_type(msgtype),
        reply_to_event_id,
        client_key: client_key.as_ref(),
        fingerprint: fingerprint.filter(|fingerprint| !fingerprint.contains('\0')),
        sent_at: sent_at.as_deref(),
        pushed_content: pushed_content.as_ref(),
        is_pushed: true,
        thread_event_id,
    };
    record_message(record).await.map(|_| ())
}

async fn edit(event: &Event, sender_id: &EntityId, target_event_id: &str, body: &str) -> Result<(), Error> {
    let edited_at = event.changed_at();
    let unquoted = unquoted_beginning(body);
    let record = RecordEdit {
        room_id: &event.room_id,
        target_event_id,
        event_id: &event.event_id,
        sender_id,
        content_preview: &beginning(body),
        edited_at: &edited_at,
        client_key: None,
        origin_ts: Some(event.milliseconds()),
        unquoted_preview: unquoted.as_deref(),
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
