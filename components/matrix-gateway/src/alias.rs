//! What is behind an alias that is taken: our own unfinished work, or somebody else's room.

use crate::answer::Refusal;
use crate::homeserver::{Acting, Homeserver, Nothing, v1, v3};
use http::{Method, StatusCode};
use messaging_core::matrix::CHANNEL_FIELD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long to wait for a room that is not complete: it may still be in the making.
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
}

#[derive(Deserialize)]
struct WhoAmI {
    user_id: String,
}

/// The bot's own Matrix id.
pub async fn who_am_i(hs: &Homeserver) -> Result<String, Refusal> {
    hs.get::<WhoAmI>(Acting::Bot, &v3(&["account", "whoami"])).await.map(|me| me.user_id)
}

/// What a taken alias stands for.
enum Behind {
    /// The complete room of the channel that is asked for.
    Wanted,
    /// A room of ours that belongs to another channel, or to none.
    OfAnother,
    /// Making the room of some channel was cut off, or is still going on.
    Unfinished,
    /// Somebody else's room.
    Strangers,
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
    let mut behind = look(hs, &room, channel).await?;
    if matches!(behind, Behind::Unfinished) {
        // Whoever is making it has had the time now.
        spin_sdk::time::sleep(WAIT).await;
        behind = look(hs, &room, channel).await?;
    }
    match behind {
        Behind::Wanted => Ok(Some(room)),
        Behind::Strangers => Err(in_use()),
        Behind::OfAnother | Behind::Unfinished => {
            free(hs, &directory, in_use).await?;
            // The room that loses the alias should not go on naming it; no harm is done if it does.
            let state = v3(&["rooms", &room, "state", "m.room.canonical_alias", ""]);
            let _ = hs.call::<Nothing>(Acting::Bot, Method::PUT, &state, Some(&json!({}))).await;
            Ok(None)
        }
    }
}

async fn look(hs: &Homeserver, room: &str, channel: &str) -> Result<Behind, Refusal> {
    let state = |event_type: &str| v3(&["rooms", room, "state", event_type, ""]);
    let create_event = state("m.room.create") + "?format=event";
    let create = match hs.get::<CreateEvent>(Acting::Bot, &create_event).await {
        Err(refusal) if refusal.is("M_FORBIDDEN") => {
            if nobody_is_in(hs, room).await? {
                return Ok(Behind::Unfinished);
            }
            // It may be the bot that came in between the two.
            match hs.get::<CreateEvent>(Acting::Bot, &create_event).await {
                Err(refusal) if refusal.is("M_FORBIDDEN") => return Ok(Behind::Strangers),
                other => other?,
            }
        }
        other => other?,
    };
    if create.sender != who_am_i(hs).await? {
        return Ok(Behind::Strangers);
    }
    if create.content.get(CHANNEL_FIELD).and_then(Value::as_str) != Some(channel) {
        return Ok(Behind::OfAnother);
    }
    // The homeserver stores all state but the creation in one go, so one event stands for all.
    match hs.get::<Nothing>(Acting::Bot, &state("m.room.power_levels")).await {
        Ok(_) => Ok(Behind::Wanted),
        Err(refusal) if refusal.is("M_NOT_FOUND") => Ok(Behind::Unfinished),
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
