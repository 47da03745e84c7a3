//! `m.room.power_levels`: who may do what in a room.

use crate::event::{Event, is_id};
use messaging_core::member::Role;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{Order, PowerLevels, Sender, record_power_levels};
use messaging_edge::log;
use serde_json::{Map, Value};

/// From which level on everybody may be mentioned, where the room does not say (Matrix client-server API,
/// `m.room.power_levels`, `notifications.room`).
const ROOM_MENTION_LEVEL: i32 = 50;
/// How many members' power levels are read.
const MAX_LEVELS: usize = 10_000;

pub async fn record(event: &Event, sender: &Sender, order: Order<'_>) -> Result<Option<String>, Error> {
    let no_users = Map::new();
    let users = match event.content.get("users") {
        None => &no_users,
        Some(Value::Object(users)) if users.len() <= MAX_LEVELS => users,
        Some(_) => return Ok(None),
    };
    let levels = users.iter().filter(|(user, _)| is_id(user)).map(|(user, value)| (user.clone(), level(value).into()));
    let power = PowerLevels {
        levels: &levels.collect(),
        default: event.content.get("users_default").map_or(Some(0), level),
        room_mention_level: event
            .content
            .get("notifications")
            .and_then(|levels| levels.get("room"))
            .map_or(Some(ROOM_MENTION_LEVEL), level),
        // More than an owner has.
        is_read_only: event.content.get("events_default").and_then(level) > Some(Role::Owner.power_level()),
    };
    let recorded = record_power_levels(event.state(sender, &event.changed_at(), order), power).await?;
    raise(&event.room_id, &recorded.must_raise).await?;
    Ok(recorded.ask_version)
}

/// Gives owners the level of an owner in the room, as the bot, where the gateway can: the event is followed all the same.
pub async fn raise(room_id: &str, owners: &[String]) -> Result<(), Error> {
    for owner in owners {
        let gateway = Gateway::from_settings().await?;
        match gateway.set_power_level_if_offered(room_id, owner, Role::Owner.power_level(), None).await {
            // Who made a room of version 12 has every power and no level, and what the bot may not it cannot do.
            Err(problem) if problem.status.is_client_error() => {
                log::info("", &format!("the owner {owner} has no level in {room_id}: {problem}"));
            }
            done => drop(done?),
        }
    }
    Ok(())
}

/// A level as the index keeps it: the nearest number that fits. Rooms up to version 9 may have it as text (Matrix
/// specification, "Room version 10"). `None` when it is no number: whose level it is keeps the one before.
pub(crate) fn level(value: &Value) -> Option<i32> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<i64>().ok().map(|number| number as f64),
        _ => None,
    };
    // A cast from a fraction truncates, and one that does not fit becomes the nearest that does.
    number.map(|number| number as i32)
}
