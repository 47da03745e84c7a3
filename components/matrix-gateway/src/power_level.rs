//! PUT `/internal/matrix/rooms/{room_id}/power-level` and `…/read-only`: optional parts of the contract, for roles and
//! for archived channels.

use crate::act::as_person_or_bot;
use crate::error::GatewayError;
use crate::homeserver::{Acting, EventId, Homeserver, v3};
use crate::ids::{OwnUser, actor, entity};
use crate::params::RoomPath;
use http::{Method, StatusCode};
use messaging_core::gateway::{PowerLevel, ReadOnly, Sent};
use messaging_edge::{Json, Path, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The power level that sending takes in a read-only room: more than its owner has.
const READ_ONLY_LEVEL: i64 = 101;
/// How often a change is tried while others write the power levels of the same room.
const MAX_TRIES: usize = 16;
/// How long to wait after a write: longer than others take from reading the levels to writing them.
const SETTLE_TIME: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
struct LevelsEvent {
    event_id: String,
    content: Map<String, Value>,
}

/// Gives somebody a power level.
pub async fn set_power_level(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    Json(change): Json<PowerLevel>,
) -> Result<Response, GatewayError> {
    let user_id = entity("user_id", &change.user_id, hs.server_name())?.matrix_user_id(hs.server_name());
    let sender = sender(&hs, change.sender_matrix_id.as_deref())?;
    let level = change.power_level.into();
    let event =
        change_levels(&hs, &path.room_id, sender.as_ref(), |levels| with_level(levels, &user_id, level)).await?;
    Ok(Response::json(StatusCode::OK, &event)?)
}

/// Lets only the bot send to the room, or everybody again.
pub async fn set_read_only(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    Json(change): Json<ReadOnly>,
) -> Result<Response, GatewayError> {
    let level = if change.read_only { READ_ONLY_LEVEL } else { 0 };
    let sender = sender(&hs, change.sender_matrix_id.as_deref())?;
    let event = change_levels(&hs, &path.room_id, sender.as_ref(), |levels| with_events_default(levels, level)).await?;
    Ok(Response::json(StatusCode::OK, &event)?)
}

/// Gives somebody a power level, as the bot.
pub async fn give(hs: &Homeserver, room: &str, user_id: &str, level: i64) -> Result<(), GatewayError> {
    change_levels(hs, room, None, |levels| with_level(levels, user_id, level)).await.map(|_| ())
}

fn sender(hs: &Homeserver, sender_matrix_id: Option<&str>) -> Result<Option<OwnUser>, GatewayError> {
    actor(("sender_matrix_id", sender_matrix_id), ("sender", None), hs.server_name())
}

/// Changes the power levels of a room and gives their event: as the person, or as the bot where that person's level
/// does not reach or nobody is named. `changed` gives the levels to write, or `None` when nothing has to change.
///
/// Matrix has the levels of a room in one event, and no way to write it only if nobody else has. So this reads, writes,
/// waits until others who read the same levels have written theirs, and reads again.
async fn change_levels(
    hs: &Homeserver,
    room: &str,
    person: Option<&OwnUser>,
    changed: impl Fn(&Map<String, Value>) -> Option<Value>,
) -> Result<Sent, GatewayError> {
    let target = v3(&["rooms", room, "state", "m.room.power_levels", ""]);
    let mut written = None;
    for _ in 0..MAX_TRIES {
        let current: LevelsEvent = hs.get(Acting::Bot, &format!("{target}?format=event")).await?;
        let Some(changed) = changed(&current.content) else {
            return Ok(Sent { event_id: written.unwrap_or(current.event_id), sent_at: None });
        };
        let event = as_person_or_bot(person, async |acting| {
            hs.call::<EventId>(acting, Method::PUT, &target, Some(&changed)).await
        });
        let event = event.await?;
        written = Some(event.event_id);
        // Of random length, so that two changes that collided do not collide again.
        let [random, ..] = uuid::Uuid::new_v4().into_bytes();
        spin_sdk::time::sleep(SETTLE_TIME + Duration::from_millis(random.into())).await;
    }
    Err(GatewayError::failed("others write the power levels of this room all the time"))
}

/// The levels with this one for events that have none of their own, or `None` when they have it already.
fn with_events_default(levels: &Map<String, Value>, level: i64) -> Option<Value> {
    if levels.get("events_default").and_then(Value::as_i64).unwrap_or(0) == level {
        return None;
    }
    let mut levels = levels.clone();
    levels.insert("events_default".to_owned(), json!(level));
    Some(Value::Object(levels))
}

/// The levels with this one of a user, or `None` when the user has it already.
fn with_level(levels: &Map<String, Value>, user_id: &str, level: i64) -> Option<Value> {
    let users = levels.get("users").and_then(Value::as_object);
    let default = levels.get("users_default").and_then(Value::as_i64).unwrap_or(0);
    let current = users.and_then(|users| users.get(user_id)).and_then(Value::as_i64).unwrap_or(default);
    if current == level {
        return None;
    }
    let mut users = users.cloned().unwrap_or_default();
    if level == default {
        users.remove(user_id);
    } else {
        users.insert(user_id.to_owned(), json!(level));
    }
    let mut levels = levels.clone();
    levels.insert("users".to_owned(), Value::Object(users));
    Some(Value::Object(levels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_closed_to_its_owner_too() {
        let levels = json!({"users": {"@a:x": 100}, "events_default": 0});
        let levels = levels.as_object().unwrap();
        assert_eq!(with_events_default(levels, 101), Some(json!({"users": {"@a:x": 100}, "events_default": 101})));
        assert_eq!(with_events_default(levels, 0), None);
    }

    #[test]
    fn one_level_changes_and_nothing_else() {
        let levels = json!({"users": {"@a:x": 100}, "users_default": 0, "ban": 50});
        let levels = levels.as_object().unwrap();
        let raised = json!({"users": {"@a:x": 100, "@b:x": 50}, "users_default": 0, "ban": 50});
        assert_eq!(with_level(levels, "@b:x", 50), Some(raised));
        assert_eq!(with_level(levels, "@a:x", 0), Some(json!({"users": {}, "users_default": 0, "ban": 50})));
        assert_eq!(with_level(levels, "@a:x", 100), None);
        assert_eq!(with_level(levels, "@b:x", 0), None);
        assert_eq!(with_level(&Map::new(), "@b:x", 50), Some(json!({"users": {"@b:x": 50}})));
    }
}
