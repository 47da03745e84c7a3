//! What is behind an alias that is taken: our own unfinished work, or somebody else's room.

use crate::answer::Refusal;
use crate::homeserver::{Acting, Homeserver, Nothing, v1, v3};
use http::{Method, StatusCode};
use messaging_core::matrix::CHANNEL_FIELD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A room that is younger than this, in milliseconds, and not complete may still be in the making.
const YOUNG_MS: u64 = 20_000;
/// How long to wait for it.
const WAIT: Duration = Duration::from_secs(2);

/// The answer to whatever names a room.
#[derive(Deserialize)]
pub struct RoomId {
    /// The room.
    pub room_id: String,
}

#[derive(Deserialize)]
struct CreateEvent {
    content: Map<String, Value>,
    sender: String,
    #[serde(default)]
    unsigned: Map<String, Value>,
}

#[derive(Deserialize)]
struct WhoAmI {
    user_id: String,
}

/// The bot's own Matrix id.
pub async fn who_am_i(hs: &Homeserver) -> Result<String, Refusal> {
    hs.get::<WhoAmI>(Acting::Bot, &v3(&["account", "whoami"])).await.map(|me| me.user_id)
}

/// The alias is taken: `Some(room)` when the room behind it is the one that is wanted, `None` when the alias is
/// free now. Otherwise it is somebody else's.
///
/// The caller holds a reservation of the alias for `channel`; a room that we made, and that no channel has
/// but this one could have, gives way.
pub async fn take(hs: &Homeserver, alias: &str, channel: Option<&str>) -> Result<Option<String>, Refusal> {
    let in_use = || Refusal::new(StatusCode::CONFLICT, "M_ROOM_IN_USE", format!("Another room has the alias {alias}."));
    let Some(channel) = channel else { return Err(in_use()) };
    let directory = v3(&["directory", "room", alias]);
    let room = match hs.get::<RoomId>(Acting::Bot, &directory).await {
        Ok(found) => found.room_id,
        Err(refusal) if refusal.is("M_NOT_FOUND") => return Ok(None),
        Err(refusal) => return Err(refusal),
    };
    let state = |event_type: &str| v3(&["rooms", &room, "state", event_type, ""]);
    match hs.get::<CreateEvent>(Acting::Bot, &(state("m.room.create") + "?format=event")).await {
        Ok(create) => {
            if create.sender != who_am_i(hs).await? {
                return Err(in_use());
            }
            if create.content.get(CHANNEL_FIELD).and_then(Value::as_str) == Some(channel) {
                // The homeserver stores all state but the creation in one go, so one event stands for all.
                let complete = async || match hs.get::<Nothing>(Acting::Bot, &state("m.room.power_levels")).await {
                    Ok(_) => Ok(true),
                    Err(refusal) if refusal.is("M_NOT_FOUND") => Ok(false),
                    Err(refusal) => Err(refusal),
                };
                if complete().await? {
                    return Ok(Some(room));
                }
                if create.unsigned.get("age").and_then(Value::as_u64).is_some_and(|age| age < YOUNG_MS) {
                    spin_sdk::time::sleep(WAIT).await;
                    if complete().await? {
                        return Ok(Some(room));
                    }
                }
            }
            free(hs, &directory, in_use).await?;
            // The room that loses the alias should not go on naming it; no harm is done if it does.
            let _ =
                hs.call::<Nothing>(Acting::Bot, Method::PUT, &state("m.room.canonical_alias"), Some(&json!({}))).await;
            Ok(None)
        }
        Err(refusal) if refusal.is("M_FORBIDDEN") => {
            if nobody_is_in(hs, &room).await? {
                free(hs, &directory, in_use).await?;
                return Ok(None);
            }
            Err(in_use())
        }
        Err(refusal) => Err(refusal),
    }
}

/// Whether a room that the bot cannot see has no member on this homeserver: what is left when making a room
/// was cut off right after its alias was stored, or when everybody has left.
async fn nobody_is_in(hs: &Homeserver, room: &str) -> Result<bool, Refusal> {
    match hs.get::<Nothing>(Acting::Bot, &v1(&["room_summary", room])).await {
        Ok(_) => Ok(false),
        // Synapse then wants to know which other server to ask.
        Err(refusal) if refusal.status == StatusCode::BAD_REQUEST => Ok(true),
        Err(refusal) if refusal.status == StatusCode::NOT_FOUND || refusal.status == StatusCode::FORBIDDEN => Ok(false),
        Err(refusal) => Err(refusal),
    }
}

async fn free(hs: &Homeserver, directory: &str, in_use: impl Fn() -> Refusal) -> Result<(), Refusal> {
    match hs.call::<Nothing>(Acting::Bot, Method::DELETE, directory, None).await {
        Ok(_) => Ok(()),
        Err(refusal) if refusal.is("M_NOT_FOUND") => Ok(()),
        // The alias is outside the namespaces that the registration gives us.
        Err(refusal) if refusal.status.is_client_error() => Err(in_use()),
        Err(refusal) => Err(refusal),
    }
}
