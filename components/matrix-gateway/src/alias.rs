//! Room aliases. A room is known by the channel id in its create event, never by an alias: an alias only leads to it, and
//! is never taken away from a room that is, or may be, another channel's.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, Nothing, v1, v3};
use http::{Method, StatusCode};
use messaging_core::ids::ChannelId;
use messaging_core::matrix::CHANNEL_FIELD;
use messaging_core::secret_name::secret_name;
use messaging_edge::{Problem, index, settings};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How long an unfinished room gets to be finished by the request that may still be making it.
const WAIT: Duration = Duration::from_secs(2);
/// How many of a room's aliases are looked at when they are removed. The gateway gives it at most two.
const MAX_ALIASES: usize = 50;
/// The start of the aliases by which unfinished rooms are found again. No slug has its first character, so no channel
/// composes one.
const HANDLE: &str = "_channel-";

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

#[derive(Deserialize)]
struct Aliases {
    aliases: Vec<String>,
}

/// The bot's own Matrix id.
pub async fn who_am_i(hs: &Homeserver) -> Result<String, GatewayError> {
    hs.get::<WhoAmI>(Acting::Bot, &v3(&["account", "whoami"])).await.map(|me| me.user_id)
}

/// The local part of the alias by which the room of a channel without an alias is found again when its making was cut
/// off. Only who has the gateway's secret can compute it, so it tells nobody that there is such a channel.
pub async fn handle(channel: &str) -> Result<Option<String>, GatewayError> {
    let secret = settings::required("matrix_gateway_secret").await?;
    Ok(secret_name(&secret, "room handle", channel).map(|name| format!("{HANDLE}{name}")))
}

/// An alias that was taken, after [`take`].
pub enum Taken {
    /// It leads to this room, which is the wanted channel's and complete.
    ByWanted(String),
    /// It is free again.
    Free,
    /// It is another room's and stays so.
    ByAnother,
}

/// The room that has an alias.
enum Holder {
    /// The complete room of the wanted channel.
    Wanted,
    /// A room whose making was cut off, or is still going on.
    Unfinished,
    /// A room that the gateway made for a channel that does not exist, and that nobody is creating.
    Abandoned,
    /// Another channel's room, or one that somebody else made.
    Another,
}

/// Takes over a taken alias where that harms nobody. The index has given it to `channel`; without a channel nothing can
/// be the wanted room.
pub async fn take(hs: &Homeserver, alias: &str, channel: Option<&str>) -> Result<Taken, GatewayError> {
    let directory = v3(&["directory", "room", alias]);
    let room = match hs.get::<RoomId>(Acting::Bot, &directory).await {
        Ok(found) => found.room_id,
        Err(error) if error.is("M_NOT_FOUND") => return Ok(Taken::Free),
        Err(error) => return Err(error),
    };
    let mut holder = find_holder(hs, &room, channel).await?;
    if matches!(holder, Holder::Unfinished) {
        // Another request may still be making the room: it gets the time to finish.
        spin_sdk::time::sleep(WAIT).await;
        holder = find_holder(hs, &room, channel).await?;
    }
    match holder {
        Holder::Wanted => Ok(Taken::ByWanted(room)),
        Holder::Another => Ok(Taken::ByAnother),
        Holder::Abandoned | Holder::Unfinished => {
            if !delete(hs, alias).await? {
                return Ok(Taken::ByAnother);
            }
            // The room should not go on naming the alias that it loses; if this fails, it does no harm.
            let _ = name(hs, &room, None).await;
            Ok(Taken::Free)
        }
    }
}

/// Gives a room the alias; `false` when it is another room's, or somebody has taken it away again meanwhile.
pub async fn add(hs: &Homeserver, room: &str, alias: &str) -> Result<bool, GatewayError> {
    let directory = v3(&["directory", "room", alias]);
    let body = json!({"room_id": room});
    for _ in 0..2 {
        match hs.call::<Nothing>(Acting::Bot, Method::PUT, &directory, Some(&body)).await {
            Ok(_) => return tell(hs, room, alias).await,
            Err(error) if error.status == StatusCode::CONFLICT => {}
            // The alias is outside the namespaces of the application service's registration.
            Err(error) if error.status.is_client_error() => return Ok(false),
            Err(error) => return Err(error),
        }
        match hs.get::<RoomId>(Acting::Bot, &directory).await {
            Ok(found) if found.room_id == room => return tell(hs, room, alias).await,
            _ if matches!(take(hs, alias, None).await?, Taken::Free) => {}
            _ => return Ok(false),
        }
    }
    Ok(false)
}

/// Takes every alias of the gateway's namespaces away from a room but the handle, which nobody can guess.
pub async fn remove_all(hs: &Homeserver, room: &str) -> Result<(), GatewayError> {
    let aliases = hs.get::<Aliases>(Acting::Bot, &v3(&["rooms", room, "aliases"])).await?.aliases;
    for alias in aliases.iter().filter(|alias| !is_handle(alias)).take(MAX_ALIASES) {
        // Others outside the namespaces are people's own.
        delete(hs, alias).await?;
    }
    name(hs, room, None).await
}

fn is_handle(alias: &str) -> bool {
    alias.strip_prefix('#').is_some_and(|name| name.starts_with(HANDLE))
}

/// Says in a room which alias it has been given; `false` when it has lost that already.
async fn tell(hs: &Homeserver, room: &str, alias: &str) -> Result<bool, GatewayError> {
    match name(hs, room, Some(alias)).await {
        Err(error) if error.is("M_BAD_ALIAS") => Ok(false),
        named => named.map(|()| true),
    }
}

/// Says in the room which alias it has.
async fn name(hs: &Homeserver, room: &str, alias: Option<&str>) -> Result<(), GatewayError> {
    let state = v3(&["rooms", room, "state", "m.room.canonical_alias", ""]);
    let content = alias.map_or_else(|| json!({}), |alias| json!({"alias": alias}));
    hs.call::<Nothing>(Acting::Bot, Method::PUT, &state, Some(&content)).await.map(|_| ())
}

/// Says what the room that has the alias is for `channel`.
async fn find_holder(hs: &Homeserver, room: &str, channel: Option<&str>) -> Result<Holder, GatewayError> {
    let state = |event_type: &str| v3(&["rooms", room, "state", event_type, ""]);
    let create_event = state("m.room.create") + "?format=event";
    let create = match hs.get::<CreateEvent>(Acting::Bot, &create_event).await {
        Err(error) if error.is("M_FORBIDDEN") => {
            if has_no_member(hs, room).await? {
                return Ok(Holder::Unfinished);
            }
            // The bot may have joined between the two calls.
            match hs.get::<CreateEvent>(Acting::Bot, &create_event).await {
                Err(error) if error.is("M_FORBIDDEN") => return Ok(Holder::Another),
                other => other?,
            }
        }
        other => other?,
    };
    if create.sender != who_am_i(hs).await? {
        return Ok(Holder::Another);
    }
    let made_for = create.content.get(CHANNEL_FIELD).and_then(Value::as_str);
    if made_for.is_none() || made_for != channel {
        return Ok(if exists(made_for).await? { Holder::Another } else { Holder::Abandoned });
    }
    // The homeserver stores the state that follows the creation all at once, so one event of it stands for all.
    match hs.get::<Nothing>(Acting::Bot, &state("m.room.power_levels")).await {
        Ok(_) => Ok(Holder::Wanted),
        Err(error) if error.is("M_NOT_FOUND") => Ok(Holder::Unfinished),
        Err(error) => Err(error),
    }
}

/// Whether a room was made for a channel that exists or is being created. A room that names none may be anybody's, for
/// example the replacement of a channel's room.
async fn exists(made_for: Option<&str>) -> Result<bool, GatewayError> {
    match made_for.and_then(ChannelId::parse) {
        Some(channel_id) => Ok(index::channels::is_channel(channel_id).await.map_err(Problem::from)?),
        None => Ok(true),
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

/// Deletes the alias; one that does not exist is no error. `false` when it is outside the namespaces of the application
/// service's registration.
async fn delete(hs: &Homeserver, alias: &str) -> Result<bool, GatewayError> {
    match hs.call::<Nothing>(Acting::Bot, Method::DELETE, &v3(&["directory", "room", alias]), None).await {
        Ok(_) => Ok(true),
        Err(error) if error.is("M_NOT_FOUND") => Ok(true),
        Err(error) if error.status.is_client_error() => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_channel_composes_a_handle() {
        assert!(is_handle("#_channel-00ff:a.example"));
        assert!(!is_handle("#channel-daarion:a.example") && !messaging_core::ids::is_slug(HANDLE));
    }
}
