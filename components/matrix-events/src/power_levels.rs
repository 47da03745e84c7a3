//! `m.room.power_levels`: who may do what in a room.

use crate::event::{Event, is_id};
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{RecordPowerLevels, Sender, record_power_levels};
use serde_json::{Map, Value};

/// How many members' power levels are read.
const MAX_LEVELS: usize = 10_000;

pub async fn apply(event: &Event, sender: &Sender) -> Result<(), Error> {
    let Some(changed_at) = event.sent_at() else { return Ok(()) };
    let no_users = Map::new();
    let users = match event.content.get("users") {
        None => &no_users,
        Some(Value::Object(users)) if users.len() <= MAX_LEVELS => users,
        Some(_) => return Ok(()),
    };
    let levels = users.iter().filter(|(user, _)| is_id(user)).map(|(user, value)| (user.clone(), level(value).into()));
    record_power_levels(RecordPowerLevels {
        room_id: &event.room_id,
        levels: &levels.collect(),
        default: event.content.get("users_default").map_or(Some(0), level),
        sender,
        changed_at: &changed_at,
    })
    .await
}

/// A level as the index keeps it: the nearest number that fits. Rooms up to version 9 may have it as text (Matrix
/// specification, "Room version 10"). `None` when it is no number: whose level it is keeps the one before.
fn level(value: &Value) -> Option<i32> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<i64>().ok().map(|number| number as f64),
        _ => None,
    };
    // A cast from a fraction truncates, and one that does not fit becomes the nearest that does.
    number.map(|number| number as i32)
}
