//! Which room has an alias that is taken: one of the gateway's own, finished or not, or somebody else's.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, Nothing, v1, v3};
use http::{Method, StatusCode};
use messaging_core::matrix::CHANNEL_FIELD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long an unfinished room gets to be finished by the request that may still be making it.
const WAIT: Duration = Duration::from_secs(2);

/// The response to a call that names a room.
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
pub async fn who_am_i(hs: &Homeserver) -> Result<String, GatewayError> {
    hs.get::<WhoAmI>(Acting::Bot, &v3(&["account", "whoami"])).await.map(|me| me.user_id)
}

/// The room that has an alias.
enum Holder {
    /// The complete room of the channel that the call is for.
    Wanted,
    /// A room that the gateway made for another channel, or for none.
    OtherChannel,
    /// A room whose making was cut off, or is still going on.
    Unfinished,
    /// A room that somebody else made.
    Foreign,
}

/// Takes over a taken alias: `Some(room)` when it names the wanted room already, `None` when it is free again.
/// Fails with M_ROOM_IN_USE when it names a room that somebody else made.
///
/// The caller holds the reservation of the alias for `channel`, so no other channel has a room under it: a room that
/// the gateway made, and that is not the wanted one, loses the alias.
pub async fn take(hs: &Homeserver, alias: &str, channel: Option<&str>) -> Result<Option<String>, GatewayError> {
    let in_use =
        || GatewayError::new(StatusCode::CONFLICT, "M_ROOM_IN_USE", format!("Another room has the alias {alias}."));
    let Some(channel) = channel else { return Err(in_use()) };
    let directory = v3(&["directory", "room", alias]);
    let room = match hs.get::<RoomId>(Acting::Bot, &directory).await {
        Ok(found) => found.room_id,
        Err(error) if error.is("M_NOT_FOUND") => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut holder = find_holder(hs, &room, channel).await?;
    if matches!(holder, Holder::Unfinished) {
        // Another request may still be making the room: it gets the time to finish.
        spin_sdk::time::sleep(WAIT).await;
        holder = find_holder(hs, &room, channel).await?;
    }
    match holder {
        Holder::Wanted => Ok(Some(room)),
        Holder::Foreign => Err(in_use()),
        Holder::OtherChannel | Holder::Unfinished => {
            free(hs, &directory, in_use).await?;
            // The room should not go on naming the alias that it loses; if this fails, it does no harm.
            let state = v3(&["rooms", &room, "state", "m.room.canonical_alias", ""]);
            let _ = hs.call::<Nothing>(Acting::Bot, Method::PUT, &state, Some(&json!({}))).await;
            Ok(None)
        }
    }
}

/// Says what the room that has the alias is for `channel`.
async fn find_holder(hs: &Homeserver, room: &str, channel: &str) -> Result<Holder, GatewayError> {
    let state = |event_type: &str| v3(&["rooms", room, "state", event_type, ""]);
    let create_event = state("m.room.create") + "?format=event";
    let create = match hs.get::<CreateEvent>(Acting::Bot, &create_event).await {
        Err(error) if error.is("M_FORBIDDEN") => {
            if has_no_member(hs, room).await? {
                return Ok(Holder::Unfinished);
            }
            // The bot may have joined between the two calls.
            match hs.get::<CreateEvent>(Acting::Bot, &create_event).await {
                Err(error) if error.is("M_FORBIDDEN") => return Ok(Holder::Foreign),
                other => other?,
            }
        }
        other => other?,
    };
    if create.sender != who_am_i(hs).await? {
        return Ok(Holder::Foreign);
    }
    if create.content.get(CHANNEL_FIELD).and_then(Value::as_str) != Some(channel) {
        return Ok(Holder::OtherChannel);
    }
    // The homeserver stores the state that follows the creation all at once, so one event of it stands for all.
    match hs.get::<Nothing>(Acting::Bot, &state("m.room.power_levels")).await {
        Ok(_) => Ok(Holder::Wanted),
        Err(error) if error.is("M_NOT_FOUND") => Ok(Holder::Unfinished),
        Err(error) => Err(error),
    }
}

/// Whether a room that the bot cannot see has no member on this homeserver. Such a room is left when its making was cut
/// off right after its alias was stored, or when everybody has left.
async fn has_no_member(hs: &Homeserver, room: &str) -> Result<bool, GatewayError> {
    match hs.get::<Nothing>(Acting::Bot, &v1(&["room_summary", room])).await {
        Ok(_) => Ok(false),
        // Synapse then asks for the name of another server that has the room.
        Err(error) if error.status == StatusCode::BAD_REQUEST => Ok(true),
        Err(error) if error.status == StatusCode::NOT_FOUND || error.status == StatusCode::FORBIDDEN => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes the alias; one that does not exist is no error.
async fn free(hs: &Homeserver, directory: &str, in_use: impl Fn() -> GatewayError) -> Result<(), GatewayError> {
    match hs.call::<Nothing>(Acting::Bot, Method::DELETE, directory, None).await {
        Ok(_) => Ok(()),
        Err(error) if error.is("M_NOT_FOUND") => Ok(()),
        // The alias is outside the namespaces of the application service's registration.
        Err(error) if error.status.is_client_error() => Err(in_use()),
        Err(error) => Err(error),
    }
}
