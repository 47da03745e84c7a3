//! PATCH: the sender replaces the text.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::gateway::SendEvent;
use messaging_core::idempotency::{ClientKey, digest};
use messaging_core::matrix::{self, MessageKind, RoomEvent};
use messaging_core::message::EditMessage;
use messaging_core::paths::MessagePath;
use messaging_core::refusal::Refusal;
use messaging_core::text::{beginning, unquoted_beginning};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::messages::{RecordEdit, prepare_edit, record_edit};
use messaging_edge::settings::fingerprint;
use messaging_edge::{IdempotencyKey, Json, Path, Problem, Response, html, log};
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
    let fingerprint = fingerprint_of(&edit).await?;
    let is_encrypted = edit.encrypted.is_some();
    let prepared = prepare_edit(&caller, at, client_key.as_ref(), &fingerprint, is_encrypted).await?;
    if let Some(message) = prepared.message {
        return Response::json(StatusCode::OK, &message);
    }

    let gateway = Gateway::from_settings().await?;
    let (text, unquoted) = (beginning(edit.text()), unquoted_beginning(edit.text()));
    let formatted_body = html::clean(edit.formatted_body.as_deref()).await?;
    let edit = EditMessage { formatted_body, ..edit };
    let mut made = None;
    let replacement = match edit.encrypted {
        Some(content) => encrypted_replacement(content, &prepared.event_id)?,
        None => match gateway.event(&prepared.room_id, &prepared.event_id).await {
            Ok(event) => {
                made = made_before(&event, &edit);
                replacement(event.newest_content(), edit)
            }
            // Of a text nothing else has to be kept.
            Err(problem) if problem.is_gateway_lacks() && prepared.content_type == "text" => {
                replacement(Value::Null, edit)
            }
            Err(problem) => return Err(problem),
        },
    };
    let replacement = SendEvent {
        room_id: prepared.room_id.clone(),
        relates_to: Some(replaces(&prepared.event_id)),
        txn_id: Some(transaction_id(&prepared.event_id, client_key.as_ref())),
        ..replacement
    };
    let edit_event_id = match made {
        Some(edit_event_id) => edit_event_id,
        None => gateway.send(caller.id(), replacement).await?.event_id,
    };

    let recorded = record_edit(RecordEdit {
        room_id: &prepared.room_id,
        target_event_id: &prepared.event_id,
        event_id: &edit_event_id,
        sender_id: caller.id(),
        content_preview: &text,
        edited_at: prepared.asked_at.as_deref().unwrap_or(&asked_at),
        client_key: client_key.as_ref(),
        origin_ts: None,
        unquoted_preview: unquoted.as_deref(),
    })
    .await?;
    if recorded.is_deleted {
        // Deleted while the edit was under way: its text must not stay in Matrix.
        gateway.redact(&prepared.room_id, &edit_event_id, caller.id()).await?;
        return Err(Refusal::MessageDeleted.into());
    }
    Ok(Response::document(StatusCode::OK, recorded.message))
}

/// The newest edit, where it says the same: without a key this is a retry, and there is nothing to send.
fn made_before(event: &RoomEvent, edit: &EditMessage) -> Option<String> {
    let content = event.newest_content();
    let is_same = matrix::text(&content, "body") == edit.text.as_deref()
        && matrix::text(&content, "formatted_body") == edit.formatted_body.as_deref();
    event.newest_edit().filter(|_| is_same)?.event_id
}

async fn fingerprint_of(edit: &EditMessage) -> Result<String, Problem> {
    let encrypted = edit.encrypted.as_ref().map(|content| json!(content).to_string());
    let formatted_body = edit.formatted_body.as_deref().unwrap_or("");
    match &encrypted {
        Some(encrypted) => fingerprint(&[edit.text(), formatted_body, encrypted]).await,
        None => fingerprint(&[edit.text(), formatted_body]).await,
    }
}

/// A retry has the same one. A key may have been used for the message itself, or for an edit of another one: the transaction
/// ids of one sender in one room have to differ.
fn transaction_id(event_id: &str, client_key: Option<&ClientKey>) -> String {
    client_key.map_or_else(|| Uuid::new_v4().to_string(), |key| digest(&["edit", event_id, key.as_str()]))
}

/// What takes the place of an encrypted content. A client that makes the relation itself must mean this message.
fn encrypted_replacement(mut content: Map<String, Value>, event_id: &str) -> Result<SendEvent, Problem> {
    if let Some(relates_to) = content.remove("m.relates_to")
        && matrix::message_kind(Some(&relates_to)) != (MessageKind::Edit { target_event_id: Some(event_id) })
    {
        return Err(Problem::invalid_field("encrypted/m.relates_to", "must make an edit of this message"));
    }
    Ok(SendEvent { event_type: Some("m.room.encrypted".to_owned()), content: Some(content), ..SendEvent::default() })
}

/// What takes the place of a content. An edit keeps the kind of the message, and the file of one that has a file.
fn replacement(content: Value, edit: EditMessage) -> SendEvent {
    let format = edit.formatted_body.as_ref().map(|_| "org.matrix.custom.html".to_owned());
    let msgtype = matrix::text(&content, "msgtype").unwrap_or("m.text").to_owned();
    let mut event = SendEvent { format, formatted_body: edit.formatted_body, body: edit.text, ..SendEvent::default() };
    match content {
        Value::Object(mut new_content) if !matches!(msgtype.as_str(), "m.text" | "m.notice" | "m.emote") => {
            for field in ["m.relates_to", "m.mentions"] {
                new_content.remove(field);
            }
            new_content.retain(|field, _| !matrix::is_ours(field));
            for (field, value) in
                [("body", &event.body), ("format", &event.format), ("formatted_body", &event.formatted_body)]
            {
                match value {
                    Some(value) => drop(new_content.insert(field.to_owned(), json!(value))),
                    None => drop(new_content.remove(field)),
                }
            }
            event.extra_content.insert("m.new_content".to_owned(), Value::Object(new_content));
            // For clients that do not know edits: a file without its address would be an invalid event.
            event.msgtype = Some("m.text".to_owned());
        }
        _ => event.msgtype = Some(msgtype),
    }
    event.event_type = Some("m.room.message".to_owned());
    event
}

fn replaces(event_id: &str) -> Map<String, Value> {
    Map::from_iter([("rel_type".to_owned(), json!("m.replace")), ("event_id".to_owned(), json!(event_id))])
}
