//! PATCH: the sender replaces the text.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::gateway::SendEvent;
use messaging_core::message::EditMessage;
use messaging_core::paths::MessagePath;
use messaging_core::text::preview;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::messages::{RecordEdit, prepare_edit, record_edit};
use messaging_edge::{IdempotencyKey, Json, Path, Problem, Response, log};
use serde_json::{Map, Value, json};
use uuid::Uuid;

pub async fn edit(
    caller: Caller,
    Path(at): Path<MessagePath>,
    key: IdempotencyKey,
    Json(edit): Json<EditMessage>,
) -> Result<Response, Problem> {
    let client_key = key.of(&caller);
    edit.check()?;
    // Before the homeserver's time of the edit, so that a later edit by another client is never taken for older.
    let asked_at = log::now();
    let prepared = prepare_edit(&caller, at).await?;

    let gateway = Gateway::from_settings().await?;
    // An edit keeps the kind of the message.
    let event = gateway.event(&prepared.room_id, &prepared.event_id).await?;
    let msgtype = event.pointer("/content/msgtype").and_then(Value::as_str).unwrap_or("m.text");
    let content_preview = preview(&edit.text);
    let replacement = SendEvent {
        room_id: prepared.room_id.clone(),
        event_type: Some("m.room.message".to_owned()),
        msgtype: Some(msgtype.to_owned()),
        body: Some(edit.text),
        format: edit.formatted_body.as_ref().map(|_| "org.matrix.custom.html".to_owned()),
        formatted_body: edit.formatted_body,
        relates_to: Some(replaces(&prepared.event_id)),
        txn_id: Some(client_key.map_or_else(|| Uuid::new_v4().to_string(), |key| key.as_str().to_owned())),
        ..SendEvent::default()
    };
    let sent = gateway.send(caller.id(), replacement).await?;

    let message = record_edit(RecordEdit {
        room_id: &prepared.room_id,
        target_event_id: &prepared.event_id,
        event_id: &sent.event_id,
        sender_id: caller.id(),
        content_preview: &content_preview,
        edited_at: &asked_at,
    })
    .await?;
    Ok(Response::document(StatusCode::OK, message))
}

fn replaces(event_id: &str) -> Map<String, Value> {
    Map::from_iter([("rel_type".to_owned(), json!("m.replace")), ("event_id".to_owned(), json!(event_id))])
}
