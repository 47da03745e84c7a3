//! The room's state: name, topic, avatar, power levels, and the end of the room.

use crate::index::{Event, Sender, sent_at, text};
use crate::upgrade;
use messaging_core::matrix;
use messaging_edge::{Problem, store};
use serde_json::{Map, Value};
use spin_sdk::pg::ParameterValue;

/// What a channel's fields may hold, in characters.
const MAX_NAME: usize = 255;
const MAX_TOPIC: usize = 500;

/// How many members' power levels are read.
const MAX_LEVELS: usize = 10_000;

pub async fn apply(event: &Event, sender: &Sender) -> Result<(), Problem> {
    match event.event_type.as_str() {
        "m.room.name" => field(event, sender, "name", "name", MAX_NAME).await,
        "m.room.topic" => field(event, sender, "topic", "topic", MAX_TOPIC).await,
        "m.room.avatar" => field(event, sender, "url", "avatar_url", MAX_NAME).await,
        "m.room.encryption" => encryption(event, sender).await,
        "m.room.power_levels" => power_levels(event, sender).await,
        "m.room.tombstone" => upgrade::tombstone(event, &sender.id).await,
        _ => Ok(()),
    }
}

async fn field(event: &Event, sender: &Sender, key: &str, column: &str, max: usize) -> Result<(), Problem> {
    let Some(changed_at) = sent_at(&event.origin_server_ts) else { return Ok(()) };
    let value =
        matrix::text(&event.content, key).map(|value| value.replace('\0', "").chars().take(max).collect::<String>());
    let parameters = vec![
        text(&event.room_id),
        text(&event.event_type),
        text(column),
        store::nullable(value),
        text(sender.id.as_str()),
        ParameterValue::Boolean(sender.by_bot),
        ParameterValue::Str(changed_at),
    ];
    store::call_raw("record_room_state", parameters).await.map(|_| ())
}

/// Encryption is switched on once and for all (Matrix client-server API, "m.room.encryption").
async fn encryption(event: &Event, sender: &Sender) -> Result<(), Problem> {
    if matrix::text(&event.content, "algorithm").is_none() {
        return Ok(());
    }
    let parameters = vec![text(&event.room_id), text(sender.id.as_str())];
    store::call_raw("record_encryption", parameters).await.map(|_| ())
}

async fn power_levels(event: &Event, sender: &Sender) -> Result<(), Problem> {
    let Some(changed_at) = sent_at(&event.origin_server_ts) else { return Ok(()) };
    let level = |value: &Value| value.as_i64().and_then(|level| i32::try_from(level).ok());
    let no_users = Map::new();
    // Half-understood levels would take the power of those that were not understood.
    let users = match event.content.get("users") {
        None => &no_users,
        Some(Value::Object(users)) if users.len() <= MAX_LEVELS => users,
        Some(_) => return Ok(()),
    };
    let levels: Option<Map<String, Value>> =
        users.iter().map(|(user, value)| Some((user.replace('\0', ""), level(value)?.into()))).collect();
    let usual = event.content.get("users_default").map_or(Some(0), level);
    let (Some(levels), Some(usual)) = (levels, usual) else { return Ok(()) };
    let parameters = vec![
        text(&event.room_id),
        store::jsonb(&levels)?,
        ParameterValue::Int32(usual),
        text(sender.id.as_str()),
        ParameterValue::Boolean(sender.by_bot),
        ParameterValue::Str(changed_at),
    ];
    store::call_raw("record_power_levels", parameters).await.map(|_| ())
}
