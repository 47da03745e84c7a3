//! Sending a message, as people and agents do it alike.

use crate::gateway::{self, Gateway};
use crate::{Problem, log, store};
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, MessageId};
use messaging_core::keys::{ClientKey, fingerprint};
use messaging_core::matrix::{KEY_FIELD, REQUEST_FIELD, content_type};
use messaging_core::models::{MessageType, SendMessage};
use messaging_core::text::preview;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use spin_sdk::pg::ParameterValue;

/// What the index says before anything is sent.
#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    /// The caller is not in the room yet and may join by posting.
    #[serde(default)]
    join: bool,
    reply_to_event_id: Option<String>,
    /// This request was carried out before.
    message: Option<Box<RawValue>>,
}

/// What the index says afterwards.
#[derive(Deserialize)]
struct Recorded {
    message: Box<RawValue>,
}

/// Sends a message to Matrix and indexes it; answers the index row.
///
/// With an idempotency key, every retry ends in one message, whatever failed in between: what is indexed
/// is answered from the index, and what only Matrix knows is found there by its transaction id.
pub async fn send(
    caller: &Caller,
    channel: ChannelId,
    message: &SendMessage,
    key: Option<&ClientKey>,
) -> Result<Box<RawValue>, Problem> {
    message.validate()?;
    let reply_to = message.reply_to.map(|id| id.to_string());
    // What software says is a notice, so that other software does not answer it.
    let msgtype = match message.msgtype {
        MessageType::Text if caller.id().is_agent() => MessageType::Notice,
        as_sent => as_sent,
    };
    let encrypted = message.encrypted.as_ref().map(ToString::to_string);
    let request = fingerprint(&[
        message.text(),
        msgtype.as_str(),
        message.formatted_body.as_deref().unwrap_or(""),
        reply_to.as_deref().unwrap_or(""),
        encrypted.as_deref().unwrap_or(""),
    ]);
    let key_text = key.map(ClientKey::as_str);
    let [who, microdaos] = store::caller(caller);
    let prepared: Prepared = store::call(
        "prepare_send",
        vec![
            who,
            microdaos,
            store::uuid(channel),
            reply_to.as_deref().map_or(ParameterValue::DbNull, store::uuid),
            store::nullable(key_text),
            store::nullable(key_text.map(|_| request.as_str())),
            ParameterValue::Boolean(message.encrypted.is_some()),
        ],
    )
    .await?;
    if let Some(message) = prepared.message {
        return Ok(message);
    }

    let gateway = Gateway::from_settings().await?;
    let matrix_id = caller.id().matrix_user_id(&gateway.server_name);
    let joined_at = prepared.join.then(log::now);
    if joined_at.is_some() {
        gateway.join(&prepared.room_id, &matrix_id).await?;
    }
    let mut extra_content = serde_json::Map::new();
    if let Some(key) = key_text {
        extra_content.insert(KEY_FIELD.to_owned(), json!(key));
        extra_content.insert(REQUEST_FIELD.to_owned(), json!(request));
    }
    let random = uuid::Uuid::new_v4().to_string();
    let sent = gateway
        .send(&gateway::Send {
            room_id: &prepared.room_id,
            sender: caller.id().as_str(),
            sender_matrix_id: &matrix_id,
            event_type: message.event_type(),
            msgtype: message.text.as_ref().map(|_| msgtype.as_str()),
            body: message.text.as_deref(),
            format: message.formatted_body.as_ref().map(|_| "org.matrix.custom.html"),
            formatted_body: message.formatted_body.as_deref(),
            relates_to: prepared.reply_to_event_id.as_ref().map(|id| json!({"m.in_reply_to": {"event_id": id}})),
            txn_id: key_text.unwrap_or(&random),
            extra_content,
            content: message.encrypted.as_ref(),
        })
        .await?;

    let recorded: Recorded = store::call(
        "record_message",
        vec![
            ParameterValue::Str(prepared.room_id),
            store::uuid(MessageId::of_event(&sent.event_id)),
            ParameterValue::Str(sent.event_id),
            ParameterValue::Str(message.event_type().to_owned()),
            ParameterValue::Str(caller.id().as_str().to_owned()),
            ParameterValue::Str(caller.id().member_type().to_owned()),
            ParameterValue::Str(matrix_id),
            ParameterValue::Str(preview(message.text())),
            ParameterValue::Str(content_type(msgtype.as_str()).to_owned()),
            store::nullable(prepared.reply_to_event_id),
            store::nullable(key_text),
            store::nullable(key_text.map(|_| request.as_str())),
            store::nullable(sent.sent_at),
            store::nullable(joined_at),
            ParameterValue::DbNull,
        ],
    )
    .await?;
    Ok(recorded.message)
}
