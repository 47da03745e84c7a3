//! PUT `/internal/matrix/rooms/{room_id}/power-level` and `…/read-only`: our own additions to the contract, for
//! roles and for archived channels.

use crate::act::as_person_or_bot;
use crate::answer::Refusal;
use crate::homeserver::{Acting, EventId, Homeserver, v3};
use crate::ids::{OwnUser, actor, entity, room_id};
use http::{Method, StatusCode};
use messaging_edge::{Reply, Request};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What it takes to send something to a room that is read-only: more than its owner has.
const READ_ONLY_LEVEL: i64 = 101;
/// How often a level is written when somebody else writes another one at the same time.
const TRIES: usize = 8;
/// Longer than it takes from reading the levels to having them written.
const SETTLE: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
struct PowerLevel {
    user_id: String,
    power_level: i32,
    /// Whose act it is.
    sender_matrix_id: Option<String>,
}

#[derive(Deserialize)]
struct ReadOnly {
    read_only: bool,
    /// Whose act it is.
    sender_matrix_id: Option<String>,
}

#[derive(Deserialize)]
struct LevelsEvent {
    event_id: String,
    content: Map<String, Value>,
}

/// Answers a request.
pub async fn put(hs: &Homeserver, room: &str, request: Request) -> Result<Reply, Refusal> {
    let room = room_id(room)?;
    let asked: PowerLevel = request.json().await?;
    let user_id = entity("user_id", &asked.user_id, &hs.server_name)?.matrix_user_id(&hs.server_name);
    let sender = sender(hs, asked.sender_matrix_id.as_deref())?;
    let level = asked.power_level.into();
    let event_id = change(hs, room, sender.as_ref(), |levels| with_level(levels, &user_id, level)).await?;
    Ok(Reply::json(StatusCode::OK, &json!({"event_id": event_id}))?)
}

/// Lets nobody but the bot send anything to the room any more, or everybody again.
pub async fn put_read_only(hs: &Homeserver, room: &str, request: Request) -> Result<Reply, Refusal> {
    let room = room_id(room)?;
    let asked: ReadOnly = request.json().await?;
    let level = if asked.read_only { READ_ONLY_LEVEL } else { 0 };
    let sender = sender(hs, asked.sender_matrix_id.as_deref())?;
    let event_id = change(hs, room, sender.as_ref(), |levels| with_events_default(levels, level)).await?;
    Ok(Reply::json(StatusCode::OK, &json!({"event_id": event_id}))?)
}

/// Gives somebody a power level, as the bot; answers the event that says so.
pub async fn set(hs: &Homeserver, room: &str, user_id: &str, level: i64) -> Result<String, Refusal> {
    change(hs, room, None, |levels| with_level(levels, user_id, level)).await
}

fn sender(hs: &Homeserver, sender_matrix_id: Option<&str>) -> Result<Option<OwnUser>, Refusal> {
    actor(("sender_matrix_id", sender_matrix_id), ("sender", None), &hs.server_name)
}

/// Changes the levels of a room unless there is nothing to change; answers their event. As the person, or as the bot
/// where that person's power does not reach or nobody is named.
///
/// Matrix knows the levels of a room only as a whole and cannot compare before it writes. So this reads,
/// changes, writes, waits until whoever read the same levels has written theirs, and looks again.
async fn change(
    hs: &Homeserver,
    room: &str,
    person: Option<&OwnUser>,
    changed: impl Fn(&Map<String, Value>) -> Option<Value>,
) -> Result<String, Refusal> {
    let target = v3(&["rooms", room, "state", "m.room.power_levels", ""]);
    let mut written = None;
    for _ in 0..TRIES {
        let current: LevelsEvent = hs.get(Acting::Bot, &format!("{target}?format=event")).await?;
        let Some(changed) = changed(&current.content) else {
            return Ok(written.unwrap_or(current.event_id));
        };
        let event = as_person_or_bot(person, async |acting| {
            hs.call::<EventId>(acting, Method::PUT, &target, Some(&changed)).await
        });
        let event = event.await?;
        written = Some(event.event_id);
        // By chance more or less, so that two who collided do not go on doing so.
        let [chance, ..] = uuid::Uuid::new_v4().into_bytes();
        spin_sdk::time::sleep(SETTLE + Duration::from_millis(chance.into())).await;
    }
    Err(Refusal::failed("others write the power levels of this room all the time"))
}

/// The levels with another one for events that have none of their own, or `None` when there is nothing to change.
fn with_events_default(levels: &Map<String, Value>, level: i64) -> Option<Value> {
    if levels.get("events_default").and_then(Value::as_i64).unwrap_or(0) == level {
        return None;
    }
    let mut levels = levels.clone();
    levels.insert("events_default".to_owned(), json!(level));
    Some(Value::Object(levels))
}

/// The levels with this one changed, or `None` when there is nothing to change.
fn with_level(levels: &Map<String, Value>, user_id: &str, level: i64) -> Option<Value> {
    let users = levels.get("users").and_then(Value::as_object);
    let usual = levels.get("users_default").and_then(Value::as_i64).unwrap_or(0);
    let now = users.and_then(|users| users.get(user_id)).and_then(Value::as_i64).unwrap_or(usual);
    if now == level {
        return None;
    }
    let mut users = users.cloned().unwrap_or_default();
    if level == usual {
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
