//! From a Matrix event to the index. Our own echoes come here too and find themselves indexed.

use crate::{redaction, state, upgrade};
use messaging_core::ids::{EntityId, EntityKind, MessageId};
use messaging_core::keys::ClientKey;
use messaging_core::matrix::{self, KEY_FIELD, REQUEST_FIELD};
use messaging_core::text::preview;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, store};
use serde::Deserialize;
use serde_json::Value;
use spin_sdk::pg::ParameterValue;

/// The parts of an event that the index reads (Matrix client-server API, "Room event format").
#[derive(Deserialize)]
pub struct Event {
    pub event_id: String,
    pub room_id: String,
    pub sender: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub state_key: Option<String>,
    pub redacts: Option<String>,
    /// Milliseconds since 1970, as the sender's server says.
    #[serde(default)]
    pub origin_server_ts: Value,
    #[serde(default)]
    pub content: Value,
}

/// Whoever sends longer ids is no homeserver (Matrix specification, appendix "Identifier grammar").
const MAX_ID: usize = 255;

/// Brings the index up to date with one event. What does not concern it is no error.
///
/// `bot` is the bot's Matrix id.
pub async fn apply(event: &Event, server_name: &str, bot: &str) -> Result<(), Problem> {
    let ids = [&event.event_id, &event.room_id, &event.sender];
    if ids.iter().any(|id| !is_id(id)) {
        return Ok(());
    }
    let Ok(id) = EntityId::from_matrix_user_id(&event.sender, server_name) else { return Ok(()) };
    let sender = Sender { by_bot: event.sender == bot, id };
    let applied = match (event.event_type.as_str(), event.state_key.as_deref()) {
        ("m.room.message" | "m.room.encrypted", None) => message(event, &sender.id).await,
        ("m.reaction", None) => reaction(event, &sender.id).await,
        ("m.room.redaction", None) => redaction::apply(event, &sender).await,
        // The bot is in every room to manage it and is nobody's member.
        ("m.room.member", Some(whom)) if whom == bot => upgrade::bot_invited(event).await,
        ("m.room.member", Some(whom)) => membership(event, &sender, whom, server_name).await,
        (_, Some("")) => state::apply(event, &sender).await,
        _ => Ok(()),
    };
    match applied {
        // A room that is no channel of ours, or an event about one that is not indexed.
        Err(problem) if problem.code == "not_found" => Ok(()),
        other => other,
    }
}

/// Who brought an event about.
pub struct Sender {
    /// The entity.
    pub id: EntityId,
    /// Whether it is the bot, which acts for somebody else.
    pub by_bot: bool,
}

/// Whether a text can be an id of Matrix and be stored.
pub fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_ID && !text.contains('\0')
}

pub fn text(text: &str) -> ParameterValue {
    ParameterValue::Str(text.to_owned())
}

async fn message(event: &Event, sender: &EntityId) -> Result<(), Problem> {
    let content = &event.content;
    let encrypted = event.event_type == "m.room.encrypted";
    let (msgtype, body) = match (matrix::text(content, "msgtype"), matrix::text(content, "body")) {
        _ if encrypted && content.get("algorithm").is_some() => ("", ""),
        (Some(msgtype), Some(body)) => (msgtype, body),
        // A redacted event has no content left.
        _ => return Ok(()),
    };
    if let Some(("m.replace", target)) = matrix::relation(content) {
        let body = content.pointer("/m.new_content/body").and_then(Value::as_str).unwrap_or(body);
        return edit(event, sender, target, body).await;
    }
    // Only our own API writes keys. Anybody else's would let them hide a message from the index.
    let ours = sender.kind() != EntityKind::MatrixPerson;
    let key = matrix::text(content, KEY_FIELD).filter(|_| ours).and_then(ClientKey::stored);
    let request = matrix::text(content, REQUEST_FIELD).filter(|_| key.is_some());
    let parameters = vec![
        text(&event.room_id),
        store::uuid(MessageId::of_event(&event.event_id)),
        text(&event.event_id),
        text(&event.event_type),
        text(sender.as_str()),
        text(sender.member_type()),
        text(&event.sender),
        ParameterValue::Str(preview(body)),
        text(matrix::content_type(msgtype)),
        store::nullable(matrix::answered(content).filter(|id| is_id(id))),
        store::nullable(key.as_ref().map(ClientKey::as_str)),
        store::nullable(request.filter(|request| !request.contains('\0'))),
        store::nullable(sent_at(&event.origin_server_ts)),
        ParameterValue::DbNull,
        if ours { ParameterValue::DbNull } else { store::jsonb(&without_nul(content))? },
    ];
    store::call_raw("record_message", parameters).await.map(|_| ())
}

async fn edit(event: &Event, sender: &EntityId, target: &str, body: &str) -> Result<(), Problem> {
    let Some(edited_at) = sent_at(&event.origin_server_ts).filter(|_| is_id(target)) else { return Ok(()) };
    let parameters = vec![
        text(&event.room_id),
        text(target),
        text(&event.event_id),
        text(sender.as_str()),
        ParameterValue::Str(preview(body)),
        ParameterValue::Str(edited_at),
    ];
    store::call_raw("record_edit", parameters).await.map(|_| ())
}

async fn reaction(event: &Event, sender: &EntityId) -> Result<(), Problem> {
    let Some(("m.annotation", target)) = matrix::relation(&event.content) else { return Ok(()) };
    let key = event.content.pointer("/m.relates_to/key").and_then(Value::as_str).unwrap_or("");
    if !is_id(target) || !is_id(key) {
        return Ok(());
    }
    let parameters = vec![
        text(&event.room_id),
        text(target),
        text(&event.event_id),
        text(sender.as_str()),
        text(sender.member_type()),
        text(&event.sender),
        text(key),
        ParameterValue::DbNull,
    ];
    store::call_raw("record_reaction", parameters).await.map(|_| ())
}

async fn membership(event: &Event, sender: &Sender, whom: &str, server_name: &str) -> Result<(), Problem> {
    let Ok(member) = EntityId::from_matrix_user_id(whom, server_name) else { return Ok(()) };
    let Some(membership) = matrix::text(&event.content, "membership") else { return Ok(()) };
    let Some(changed_at) = sent_at(&event.origin_server_ts) else { return Ok(()) };
    let parameters = vec![
        text(&event.room_id),
        text(member.as_str()),
        text(member.member_type()),
        text(whom),
        text(membership),
        text(sender.id.as_str()),
        ParameterValue::Boolean(sender.by_bot),
        ParameterValue::Str(changed_at),
    ];
    let recorded: Membership = store::call("record_membership", parameters).await?;
    if recorded.drop_level {
        Gateway::from_settings().await?.set_power_level(&event.room_id, whom, 0, None).await?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Membership {
    /// Somebody with power has gone, and the room still holds it for them.
    #[serde(default)]
    drop_level: bool,
}

/// A server's time as RFC 3339; `None` when it is no time that PostgreSQL can hold.
pub fn sent_at(origin_server_ts: &Value) -> Option<String> {
    let milliseconds = origin_server_ts.as_i64().filter(|ms| (0..253_402_300_800_000).contains(ms))?;
    let time = chrono::DateTime::from_timestamp_millis(milliseconds)?;
    Some(time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// PostgreSQL cannot store NUL, which JSON and Matrix allow.
fn without_nul(value: &Value) -> Value {
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => items.iter().map(without_nul).collect(),
        Value::Object(fields) => fields.iter().map(|(key, value)| (clean(key), without_nul(value))).collect(),
        other => other.clone(),
    }
}
