//! PATCH: the sender replaces the text.

use http::StatusCode;
use messaging_core::models::EditMessage;
use messaging_core::text::preview;
use messaging_edge::gateway::{Gateway, Send};
use messaging_edge::{Problem, Reply, Request, identity, log, store};
use serde::Deserialize;
use serde_json::{Map, json};
use spin_sdk::pg::ParameterValue;
use uuid::Uuid;

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    event_id: String,
}

pub async fn edit(request: Request) -> Result<Reply, Problem> {
    let caller = identity::caller(&request).await?;
    let (channel, message) = (request.channel_id()?, request.message_id()?);
    let key = request.idempotency_key(caller.id())?;
    // Before the homeserver's time of the edit, so that a later edit by another client is never taken for older.
    let asked_at = log::now();
    let txn_id = key.map_or_else(|| Uuid::new_v4().to_string(), |key| key.as_str().to_owned());
    let edit: EditMessage = request.json().await?;
    edit.validate()?;
    let [who, microdaos] = store::caller(&caller);
    let prepared: Prepared = store::call(
        "prepare_message_change",
        vec![
            who.clone(),
            microdaos,
            store::uuid(channel),
            store::uuid(message),
            ParameterValue::Str("edit".to_owned()),
        ],
    )
    .await?;

    let gateway = Gateway::from_settings().await?;
    // An edit keeps the kind of the message.
    let event = gateway.event(&prepared.room_id, &prepared.event_id).await?;
    let msgtype = event.pointer("/content/msgtype").and_then(serde_json::Value::as_str).unwrap_or("m.text");
    let sent = gateway
        .send(&Send {
            room_id: &prepared.room_id,
            sender: caller.id().as_str(),
            sender_matrix_id: &caller.id().matrix_user_id(&gateway.server_name),
            event_type: "m.room.message",
            msgtype: Some(msgtype),
            body: Some(&edit.text),
            format: edit.formatted_body.as_ref().map(|_| "org.matrix.custom.html"),
            formatted_body: edit.formatted_body.as_deref(),
            relates_to: Some(json!({"rel_type": "m.replace", "event_id": prepared.event_id})),
            txn_id: &txn_id,
            extra_content: Map::new(),
            content: None,
        })
        .await?;

    let row = store::call_raw(
        "record_edit",
        vec![
            ParameterValue::Str(prepared.room_id),
            ParameterValue::Str(prepared.event_id),
            ParameterValue::Str(sent.event_id),
            who,
            ParameterValue::Str(preview(&edit.text)),
            ParameterValue::Str(asked_at),
        ],
    )
    .await?;
    Ok(Reply::raw_json(StatusCode::OK, row))
}
