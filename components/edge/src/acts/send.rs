//! Sending a message, as people and agents do it alike.

use super::enter;
use crate::gateway::Gateway;
use crate::index::messages::{PrepareSend, PreparedSend, RecordMessage, prepare_send, record_message};
use crate::settings::fingerprint;
use crate::{Problem, html, index};
use futures_util::future::join;
use messaging_core::auth::Caller;
use messaging_core::file::{self, NewFile};
use messaging_core::gateway::SendEvent;
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::ChannelId;
use messaging_core::matrix::{self, AGENT_FIELD, FINGERPRINT_FIELD, KEY_FIELD, MessageKind};
use messaging_core::mention::{self, MENTIONS_FIELD, Mention};
use messaging_core::message::{MessageType, SendMessage};
use messaging_core::search::Entry;
use messaging_core::text::beginning;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// Sends a message to Matrix and indexes it; gives the message's row. `route` is what the key belongs to, where the path
/// does not name the channel.
///
/// With an idempotency key, every retry ends in one message, whatever failed in between: what is indexed is given from
/// the index, and what only Matrix knows is found there by its transaction id.
pub async fn send(
    caller: &Caller,
    channel_id: ChannelId,
    mut message: SendMessage,
    client_key: Option<&ClientKey>,
    route: Option<&'static str>,
) -> Result<Box<RawValue>, index::Error> {
    message.check()?;
    let sender = caller.id();
    let gateway = Gateway::from_settings().await?;
    let mentions = mention::named(&message.mentions, gateway.server_name());
    let msgtype = msgtype(&message, sender.is_agent());
    let fingerprint = fingerprint_of(&message, msgtype, &mentions).await?;
    let formatted_body = html::clean(message.formatted_body.as_deref()).await?;
    let prepared = prepare_send(
        caller,
        &PrepareSend {
            channel_id,
            reply_to: message.reply_to,
            client_key,
            fingerprint: &fingerprint,
            is_encrypted: message.encrypted.is_some(),
            route,
            mentions_room: mentions.iter().any(Mention::is_room),
            thread_id: message.thread_id,
            content_uris: message.file.as_deref().map(NewFile::content_uris).unwrap_or_default(),
        },
    )
    .await?;
    if let Some(message) = prepared.message {
        return Ok(message);
    }
    let with_file = message.file.take().map(|file| {
        let file = match prepared.upload.clone() {
            Some(known) => file.known_as(known),
            None => *file,
        };
        Value::Object(file::content(msgtype, &file, message.text.as_deref(), formatted_body.as_deref()))
    });

    let matrix_id = gateway.matrix_id(sender);
    if prepared.must_join {
        enter(caller, channel_id, &prepared.room_id, &gateway).await?;
    }
    let event_type = message.event_type();
    // The same reading as when the homeserver pushes the event.
    let inside = message.encrypted.as_ref().and_then(|content| content.get("m.relates_to"));
    let relates_to = match inside {
        Some(_) => None,
        None => relation_to(&prepared),
    };
    let relation = inside.cloned().or_else(|| relates_to.clone().map(Value::Object));
    let kind = matrix::message_kind(relation.as_ref());
    let (reply_to_event_id, thread_event_id) = match kind {
        MessageKind::Message { reply_to_event_id, thread_event_id } => (reply_to_event_id, thread_event_id),
        MessageKind::Edit { .. } => (None, None),
    };
    let described = with_file.as_ref().and_then(|content| matrix::describe(event_type, content));
    let (content_preview, search) = match described.map(|described| described.shown(kind)) {
        Some(described) => (beginning(&described.text), Entry::of(&described)),
        None => {
            let shown = matrix::shown_text(message.text(), kind);
            (beginning(shown), Entry::of_text(shown))
        }
    };
    let file = with_file.as_ref().and_then(|content| file::in_content(event_type, content));
    let mut extra_content = Map::new();
    if let Some(key) = client_key {
        extra_content.insert(KEY_FIELD.to_owned(), json!(key.as_str()));
        extra_content.insert(FINGERPRINT_FIELD.to_owned(), json!(fingerprint));
    }
    // What a client has encrypted says inside who is meant and who wrote it.
    if message.encrypted.is_none() {
        extra_content.insert(MENTIONS_FIELD.to_owned(), mention::content(&mentions, gateway.server_name()));
        if sender.is_agent() && msgtype != MessageType::Notice {
            extra_content.insert(AGENT_FIELD.to_owned(), json!(true));
        }
    }
    let event = SendEvent {
        room_id: prepared.room_id.clone(),
        event_type: Some(event_type.to_owned()),
        relates_to,
        txn_id: Some(client_key.map_or_else(|| uuid::Uuid::new_v4().to_string(), |key| key.as_str().to_owned())),
        extra_content,
        ..SendEvent::default()
    };
    let event = match with_file {
        Some(Value::Object(content)) => SendEvent { content: Some(content), ..event },
        _ => SendEvent {
            msgtype: message.text.as_ref().map(|_| msgtype.as_str().to_owned()),
            format: formatted_body.as_ref().map(|_| "org.matrix.custom.html".to_owned()),
            content: message.encrypted,
            body: message.text,
            formatted_body,
            ..event
        },
    };
    let stops_typing = async {
        if prepared.is_typing {
            gateway.tell_typing(&prepared.room_id, sender, false).await;
        }
    };
    let (sent, ()) = join(gateway.send(sender, event), stops_typing).await;
    let sent = sent?;

    let recorded = record_message(RecordMessage {
        room_id: &prepared.room_id,
        event_id: &sent.event_id,
        event_type,
        sender_id: sender,
        sender_matrix_id: &matrix_id,
        content_preview: &content_preview,
        content_type: matrix::content_type(msgtype.as_str()),
        reply_to_event_id,
        client_key,
        fingerprint: client_key.map(|_| fingerprint.as_str()),
        sent_at: sent.sent_at.as_deref(),
        pushed_content: None,
        is_pushed: false,
        mentions: &mentions,
        thread_event_id,
        poll: None,
        search: &search,
        file: file.as_ref(),
    })
    .await?;
    let unindexed = || Problem::internal("a message that was just sent is not indexed");
    Ok(recorded.message.ok_or_else(unindexed)?)
}

/// What software says is a notice, so that other software does not reply to it and people are not notified, unless it asks
/// for that.
fn msgtype(message: &SendMessage, is_agent: bool) -> MessageType {
    match (message.msgtype, message.notify) {
        (MessageType::Text, false) if is_agent => MessageType::Notice,
        (MessageType::Notice, true) if is_agent => MessageType::Text,
        (as_sent, _) => as_sent,
    }
}

async fn fingerprint_of(message: &SendMessage, msgtype: MessageType, mentions: &[Mention]) -> Result<String, Problem> {
    let reply_to = message.reply_to.map(|id| id.to_string());
    let encrypted = message.encrypted.as_ref().map(|content| json!(content).to_string());
    let thread_id = message.thread_id.map(|id| id.to_string());
    let file = message.file.as_ref().map(|file| format!("file {}", json!(file)));
    let mut parts = vec![
        message.text(),
        msgtype.as_str(),
        message.formatted_body.as_deref().unwrap_or(""),
        reply_to.as_deref().unwrap_or(""),
        encrypted.as_deref().unwrap_or(""),
    ];
    // Without mentions, without a file and outside of threads it is the one that earlier versions made, so that their retries are known.
    parts.extend(mentions.iter().map(Mention::as_str));
    parts.extend(thread_id.as_deref());
    parts.extend(file.as_deref());
    fingerprint(&parts).await
}

/// The relation of a message to what it replies to and to its thread (Matrix client-server API, "Threading"): where it
/// replies to nothing, clients that know no threads show it as a reply to the newest message of the thread.
fn relation_to(prepared: &PreparedSend) -> Option<Map<String, Value>> {
    let reply_to = prepared.reply_to_event_id.as_deref();
    let in_reply_to = |event_id: &str| ("m.in_reply_to".to_owned(), json!({"event_id": event_id}));
    let Some(root) = prepared.thread_event_id.as_deref() else {
        return Some(Map::from_iter([in_reply_to(reply_to?)]));
    };
    let last = prepared.last_event_id.as_deref().unwrap_or(root);
    Some(Map::from_iter([
        ("rel_type".to_owned(), json!("m.thread")),
        ("event_id".to_owned(), json!(root)),
        ("is_falling_back".to_owned(), json!(reply_to.is_none())),
        in_reply_to(reply_to.unwrap_or(last)),
    ]))
}
