//! Sending a message, as people and agents do it alike.

use super::enter;
use crate::gateway::Gateway;
use crate::index::messages::{PrepareSend, RecordMessage, prepare_send, record_message};
use crate::settings::fingerprint;
use crate::{Problem, html, index};
use futures_util::future::join;
use messaging_core::auth::Caller;
use messaging_core::gateway::SendEvent;
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::ChannelId;
use messaging_core::matrix::{self, FINGERPRINT_FIELD, KEY_FIELD, MessageKind};
use messaging_core::message::{MessageType, SendMessage};
use messaging_core::text::beginning;
use serde_json::value::RawValue;
use serde_json::{Map, json};

/// Sends a message to Matrix and indexes it; gives the message's row. `route` is what the key belongs to, where the path
/// does not name the channel.
///
/// With an idempotency key, every retry ends in one message, whatever failed in between: what is indexed is given from
/// the index, and what only Matrix knows is found there by its transaction id.
pub async fn send(
    caller: &Caller,
    channel_id: ChannelId,
    message: SendMessage,
    client_key: Option<&ClientKey>,
    route: Option<&'static str>,
) -> Result<Box<RawValue>, index::Error> {
    message.check()?;
    let sender = caller.id();
    let msgtype = msgtype(&message, sender.is_agent());
    let fingerprint = fingerprint_of(&message, msgtype).await?;
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
        },
    )
    .await?;
    if let Some(message) = prepared.message {
        return Ok(message);
    }

    let gateway = Gateway::from_settings().await?;
    let matrix_id = gateway.matrix_id(sender);
    if prepared.must_join {
        enter(caller, channel_id, &prepared.room_id, &gateway).await?;
    }
    let event_type = message.event_type();
    // The same reading as when the homeserver pushes the event.
    let inside = message.encrypted.as_ref().and_then(|content| content.get("m.relates_to"));
    let relates_inside = match matrix::message_kind(inside) {
        MessageKind::Message { reply_to_event_id } => reply_to_event_id.map(str::to_owned),
        MessageKind::Edit { .. } => None,
    };
    let content_preview = beginning(message.text());
    let mut extra_content = Map::new();
    if let Some(key) = client_key {
        extra_content.insert(KEY_FIELD.to_owned(), json!(key.as_str()));
        extra_content.insert(FINGERPRINT_FIELD.to_owned(), json!(fingerprint));
    }
    let event = SendEvent {
        room_id: prepared.room_id.clone(),
        event_type: Some(event_type.to_owned()),
        msgtype: message.text.as_ref().map(|_| msgtype.as_str().to_owned()),
        format: formatted_body.as_ref().map(|_| "org.matrix.custom.html".to_owned()),
        relates_to: prepared.reply_to_event_id.as_deref().map(reply_relation),
        txn_id: Some(client_key.map_or_else(|| uuid::Uuid::new_v4().to_string(), |key| key.as_str().to_owned())),
        extra_content,
        content: message.encrypted,
        body: message.text,
        formatted_body,
        ..SendEvent::default()
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
        reply_to_event_id: prepared.reply_to_event_id.as_deref().or(relates_inside.as_deref()),
        client_key,
        fingerprint: client_key.map(|_| fingerprint.as_str()),
        sent_at: sent.sent_at.as_deref(),
        pushed_content: None,
        is_pushed: false,
    })
    .await?;
    let unindexed = || Problem::internal("a message that was just sent is not indexed");
    Ok(recorded.message.ok_or_else(unindexed)?)
}

/// What software says is a notice, so that other software does not reply to it.
fn msgtype(message: &SendMessage, is_agent: bool) -> MessageType {
    match message.msgtype {
        MessageType::Text if is_agent => MessageType::Notice,
        as_sent => as_sent,
    }
}

async fn fingerprint_of(message: &SendMessage, msgtype: MessageType) -> Result<String, Problem> {
    let reply_to = message.reply_to.map(|id| id.to_string());
    let encrypted = message.encrypted.as_ref().map(|content| json!(content).to_string());
    fingerprint(&[
        message.text(),
        msgtype.as_str(),
        message.formatted_body.as_deref().unwrap_or(""),
        reply_to.as_deref().unwrap_or(""),
        encrypted.as_deref().unwrap_or(""),
    ])
    .await
}

fn reply_relation(event_id: &str) -> Map<String, serde_json::Value> {
    Map::from_iter([("m.in_reply_to".to_owned(), json!({"event_id": event_id}))])
}
