//! `m.room.power_levels`: who may do what in a room.

use crate::event::Event;
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{RecordPowerLevels, Sender, record_power_levels};
use serde_json::{Map, Value};

/// How many members' power levels are read.
const MAX_LEVELS: usize = 10_000;

pub async fn apply(event: &Event, sender: &Sender) -> Result<(), Error> {
    let Some(changed_at) = event.sent_at() else { return Ok(()) };
    let no_users = Map::new();
    // Half-understood levels would take the power of those that were not understood.
    let users = match event.content.get("users") {
        None => &no_users,
        Some(Value::Object(users)) if users.len() <= MAX_LEVELS => users,
        Some(_) => return Ok(()),
    };
    let levels: Option<Map<String, Value>> =
        users.iter().map(|(user, value)| Some((user.replace('\0', ""), level(value)?.into()))).collect();
    let default = event.content.get("users_default").map_or(Some(0), level);
    let (Some(levels), Some(default)) = (levels, default) else { return Ok(()) };
    record_power_levels(RecordPowerLevels {
        room_id: &event.room_id,
        levels: &levels,
        default,
        sender,
        changed_at: &changed_at,
    })
    .await
}

fn level(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|level| i32::try_from(level).ok())
}
