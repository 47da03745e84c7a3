//! PATCH: the sender replaces the text.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::file;
use messaging_core::gateway::SendEvent;
use messaging_core::idempotency::{ClientKey, digest};
use messaging_core::matrix::{self, AGENT_FIELD, Described, MessageKind, RoomEvent};
use messaging_core::mention::{self, MENTIONS_FIELD, Mention};
use messaging_core::message::EditMessage;
use messaging_core::paths::MessagePath;
use messaging_core::refusal::Refusal;
use messaging_core::search::Entry;
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
    let gateway = Gateway::from_settings().await?;
    let named = edit.mentions.as_deref().map(|named| mention::named(named, gateway.server_name()));
    let fingerprint = fingerprint_of(&edit, named.as_deref()).await?;
    let is_encrypted = edit.encrypted.is_some();
    let mentions_room = named.iter().flatten().any(Mention::is_room);
    let prepared = prepare_edit(&caller, at, client_key.as_ref(), &fingerprint, is_encrypted, mentions_room).await?;
    if let Some(message) = prepared.message {
        return Response::json(StatusCode::OK, &message);
    }

    let mentions = Mentions {
        all: named.unwrap_or_else(|| prepared.mentions.clone()),
        before: prepared.mentions,
        server_name: gateway.server_name(),
    };
    let (text, unquoted) = (beginning(edit.text()), unquoted_beginning(edit.text()));
    let formatted_body = html::clean(edit.formatted_body.as_deref()).await?;
    let edit = EditMessage { formatted_body, ..edit };
    let mut made = None;
    let by_agent = caller.id().is_agent();
    let replacement = match edit.encrypted {
        Some(content) => encrypted_replacement(content, &prepared.event_id)?,
        None => match gateway.event(&prepared.room_id, &prepared.event_id).await {
            Ok(event) => {
                made = made_before(&event, &edit, &mentions);
                replacement(event.newest_content(), edit, &mentions, by_agent)
            }
            // Of a text nothing else has to be kept.
            Err(problem) if problem.is_gateway_lacks() && prepared.content_type == "text" => {
                replacement(Value::Null, edit, &mentions, by_agent)
            }
            Err(problem) if problem.is_gateway_lacks() && prepared.content_type == "emote" => {
                replacement(json!({"msgtype": "m.emote"}), edit, &mentions, by_agent)
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
    let new_content = replacement.extra_content.get("m.new_content");
    let file = new_content.and_then(|new| file::in_content("m.room.message", new));
    let said = new_content.and_then(|new| matrix::describe("m.room.message", new));
    let unquoted_search = said.as_ref().and_then(Described::unquoted).map(|said| Entry::of(&said));
    let search = said.as_ref().map(Entry::of);
    let edit_event_id = match made {
        Some(edit_event_id) => edit_event_id,
        None => gateway.send(caller.id(), replacement).await?.event_id,
    };

    let recorded = record_edit(RecordEdit {
        room_id: &prepared.room_id,
        target_event_id: &prepared.event_id,
        event_id: &edit_event_id,
        sender_id: caller.id(),
        content_preview: Some(&text),
        edited_at: prepared.asked_at.as_deref().unwrap_or(&asked_at),
        client_key: client_key.as_ref(),
        origin_ts: None,
        event_type: if is_encrypted { "m.room.encrypted" } else { "m.room.message" },
        content_type: None,
        mentions: &mentions.all,
        unquoted_preview: unquoted.as_deref(),
        poll: None,
        search: search.as_ref(),
        unquoted_search: unquoted_search.as_ref(),
        file: file.as_ref(),
    })
    .await?;
    if recorded.is_deleted {
        // Deleted while the edit was under way: its text must not stay in Matrix.
        gateway.redact(&prepared.room_id, &edit_event_id, caller.id()).await?;
        return Err(Refusal::MessageDeleted.into());
    }
    Ok(Response::document(StatusCode::OK, recorded.message))
}

/// Who is meant by the message, and who was before.
struct Mentions<'a> {
    all: Vec<Mention>,
    before: Vec<Mention>,
    server_name: &'a str,
}

/// The newest edit, where it says the same: without a key this is a retry, and there is nothing to send.
fn made_before(event: &RoomEvent, edit: &EditMessage, mentions: &Mentions<'_>) -> Option<String> {
    let content = event.newest_content();
    let is_same = matrix::text(&content, "body") == edit.text.as_deref()
        && mention::in_content(&content, mentions.server_name) == mentions.all
        && matrix::text(&content, "formatted_body") == edit.formatted_body.as_deref();
    event.newest_edit().filter(|_| is_same)?.event_id
}

async fn fingerprint_of(edit: &EditMessage, mentions: Option<&[Mention]>) -> Result<String, Problem> {
    let encrypted = edit.encrypted.as_ref().map(|content| json!(content).to_string());
    let mut parts = vec![edit.text(), edit.formatted_body.as_deref().unwrap_or("")];
    parts.extend(encrypted.as_deref());
    // Without mentions it is the fingerprint of a version that knew none.
    if let Some(mentions) = mentions {
        parts.push("mentions");
        parts.extend(mentions.iter().map(Mention::as_str));
    }
    fingerprint(&parts).await
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

/// What takes the place of a content. An edit keeps the kind of the message, and the file of one that has a file: a text that
/// was no caption becomes its name.
fn replacement(content: Value, edit: EditMessage, mentions: &Mentions<'_>, by_agent: bool) -> SendEvent {
    let format = edit.formatted_body.as_ref().map(|_| "org.matrix.custom.html".to_owned());
    let msgtype = matrix::text(&content, "msgtype").unwrap_or("m.text").to_owned();
    let is_text = matches!(msgtype.as_str(), "m.text" | "m.notice" | "m.emote");
    let mut new_content = match content {
        Value::Object(content) if !is_text => content,
        _ => Map::new(),
    };
    new_content.retain(|field, _| field != "m.relates_to" && !matrix::is_ours(field));
    if matches!(msgtype.as_str(), "m.image" | "m.file" | "m.audio" | "m.video")
        && let (false, Some(name)) = (new_content.contains_key("filename"), new_content.get("body").cloned())
    {
        new_content.insert("filename".to_owned(), name);
    }
    for (field, value) in [
        ("msgtype", Some(&msgtype)),
        ("body", edit.text.as_ref()),
        ("format", format.as_ref()),
        ("formatted_body", edit.formatted_body.as_ref()),
    ] {
        match value {
            Some(value) => drop(new_content.insert(field.to_owned(), json!(value))),
            None => drop(new_content.remove(field)),
        }
    }
    new_content.insert(MENTIONS_FIELD.to_owned(), mention::content(&mentions.all, mentions.server_name));
    // Clients notify those whom the edit itself names: who was not meant before.
    let added = mentions.all.iter().filter(|mention| !mentions.before.contains(mention));
    let mut extra_content =
        Map::from_iter([(MENTIONS_FIELD.to_owned(), mention::content(added, mentions.server_name))]);
    if by_agent && msgtype != "m.notice" {
        new_content.insert(AGENT_FIELD.to_owned(), json!(true));
        extra_content.insert(AGENT_FIELD.to_owned(), json!(true));
    }
    extra_content.insert("m.new_content".to_owned(), Value::Object(new_content));
    SendEvent {
        event_type: Some("m.room.message".to_owned()),
        // For clients that do not know edits: a file without its address would be an invalid event.
        msgtype: Some(if is_text { msgtype } else { "m.text".to_owned() }),
        body: edit.text,
        format,
        formatted_body: edit.formatted_body,
        extra_content,
        ..SendEvent::default()
    }
}

fn replaces(event_id: &str) -> Map<String, Value> {
    Map::from_iter([("rel_type".to_owned(), json!("m.replace")), ("event_id".to_owned(), json!(event_id))])
}
