//! What the homeserver says of rooms: `migrations/functions/rooms/`.

use super::Error;
use super::call::Call;
use messaging_core::ids::EntityId;
use messaging_core::profile::ToldProfile;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Who brought an event about.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The entity.
    pub id: EntityId,
    /// Whether it is the bot, which acts for somebody else.
    pub is_bot: bool,
}

/// What is known of where a state event stands among those of its type and key.
#[derive(Debug, Clone, Copy)]
pub enum Order<'a> {
    /// It was pushed, and is the newest unless its time says otherwise.
    Told,
    /// It was pushed, and its time says nothing.
    Unsure,
    /// The homeserver has it as the room's state, which was asked for on behalf of this version.
    Now(&'a str),
    /// It was pushed, and the homeserver cannot be asked: its time decides.
    Clock,
}

/// A state event of a room.
#[derive(Clone, Copy)]
pub struct StateEvent<'a> {
    /// The room.
    pub room_id: &'a str,
    /// The event; `None` of a state that the room does not have.
    pub event_id: Option<&'a str>,
    /// Who brought it about.
    pub sender: &'a Sender,
    /// When, RFC 3339.
    pub changed_at: &'a str,
    /// Whether it is the newest.
    pub order: Order<'a>,
}

/// A call about a state event.
fn record(function: &'static str, event: StateEvent<'_>) -> Call {
    let (order, version) = match event.order {
        Order::Told => ("told", None),
        Order::Unsure => ("unsure", None),
        Order::Now(version) => ("now", Some(version)),
        Order::Clock => ("clock", None),
    };
    Call::of(function)
        .arg("p_room_id", event.room_id)
        .arg("p_event_id", event.event_id)
        .arg("p_sender_id", &event.sender.id)
        .arg("p_by_bot", event.sender.is_bot)
        .arg("p_changed_at", event.changed_at)
        .arg("p_order", order)
        .arg("p_version", version)
}

/// What is left to do after a state event.
#[derive(Debug, Deserialize)]
pub struct Recorded {
    /// Nothing was recorded: the homeserver has to be asked for the state that the room has, on behalf of this version.
    pub ask_version: Option<String>,
    /// Somebody with power has gone, and the room still holds the level for them.
    #[serde(default)]
    pub drop_power_level: bool,
    /// Somebody is in the room and may not be in the channel.
    #[serde(default)]
    pub must_remove: bool,
    /// Somebody whom the channel has banned has got into the room.
    #[serde(default)]
    pub must_ban: bool,
    /// Owners, by Matrix id, who do not have an owner's level in the room.
    #[serde(default)]
    pub must_raise: Vec<String>,
    /// The room is open, and may not be; or it was closed, and the ways to it are still there.
    #[serde(default)]
    pub must_close: bool,
    /// With `must_close`: the room's alias stays, for it is its microDAO's.
    #[serde(default)]
    pub keeps_alias: bool,
}

/// A part of a room's state, and the event that was followed for it.
#[derive(Debug, Deserialize)]
pub struct FollowedState {
    /// The type of the state event.
    pub event_type: String,
    /// Its key.
    pub state_key: String,
    /// The event.
    pub event_id: String,
}

/// The parts of a room's state that were followed last, a bounded number; with `seconds` only what changed in so many.
pub async fn list_followed_state(room_id: &str, seconds: Option<i32>) -> Result<Vec<FollowedState>, Error> {
    #[derive(Deserialize)]
    struct Followed {
        parts: Vec<FollowedState>,
    }
    let call = Call::of("list_followed_state").arg("p_room_id", room_id).arg("p_seconds", seconds);
    let followed: Followed = call.json().await?;
    Ok(followed.parts)
}

/// A room's name, topic or picture has changed: `field` is the channel's column that follows it.
pub async fn record_room_state(
    event: StateEvent<'_>,
    event_type: &str,
    field: &str,
    value: Option<&str>,
) -> Result<Recorded, Error> {
    record("record_room_state", event)
        .arg("p_event_type", event_type)
        .arg("p_field", field)
        .arg("p_value", value)
        .json()
        .await
}

/// Who may join a room has changed: everybody (`is_open`), or not.
pub async fn record_join_rule(event: StateEvent<'_>, is_open: bool) -> Result<Recorded, Error> {
    record("record_join_rule", event).arg("p_is_open", is_open).json().await
}

/// Who may read what was said before they came has changed.
pub async fn record_history_visibility(event: StateEvent<'_>, history_visibility: &str) -> Result<Recorded, Error> {
    record("record_history_visibility", event).arg("p_history_visibility", history_visibility).json().await
}

/// A room is encrypted from now on.
pub async fn record_encryption(room_id: &str, sender: &Sender) -> Result<(), Error> {
    Call::of("record_encryption").arg("p_room_id", room_id).arg("p_sender_id", &sender.id).done().await
}

/// A membership has changed: `join`, `invite`, `leave`, `ban` or `knock`. `profile` is what somebody who joins says of themselves.
pub async fn record_membership(
    event: StateEvent<'_>,
    member_id: &EntityId,
    matrix_user_id: &str,
    membership: &str,
    profile: Option<&ToldProfile>,
) -> Result<Recorded, Error> {
    let call = record("record_membership", event)
        .arg("p_member_id", member_id)
        .arg("p_member_type", member_id.member_type())
        .arg("p_matrix_user_id", matrix_user_id)
        .arg("p_membership", membership);
    match profile {
        Some(profile) => call.jsonb("p_profile", profile).json().await,
        None => call.json().await,
    }
}

/// A room's power levels.
#[derive(Clone, Copy)]
pub struct PowerLevels<'a> {
    /// By Matrix user id; `null` for one that cannot be read.
    pub levels: &'a Map<String, Value>,
    /// Everybody else's; `None` when it cannot be read.
    pub default: Option<i32>,
    /// Nobody may send any more.
    pub is_read_only: bool,
    /// From which level on everybody may be mentioned; `None` when it cannot be read.
    pub room_mention_level: Option<i32>,
}

/// A room's power levels have changed.
pub async fn record_power_levels(event: StateEvent<'_>, power: PowerLevels<'_>) -> Result<Recorded, Error> {
    record("record_power_levels", event)
        .jsonb("p_levels", power.levels)
        .arg("p_default", power.default)
        .arg("p_is_read_only", power.is_read_only)
        .arg("p_room_mention_level", power.room_mention_level)
        .json()
        .await
}

/// A room's list of pinned events has changed: this is all of it.
pub async fn record_pinned_events(event: StateEvent<'_>, event_ids: Vec<String>) -> Result<Recorded, Error> {
    record("record_pinned_events", event).arg("p_event_ids", event_ids).json().await
}

/// A room has ended, and another one replaces it.
pub async fn record_tombstone(room_id: &str, replacement_room_id: &str, actor_id: &EntityId) -> Result<(), Error> {
    Call::of("record_tombstone")
        .arg("p_room_id", room_id)
        .arg("p_replacement_room_id", replacement_room_id)
        .arg("p_actor_id", actor_id)
        .done()
        .await
}

/// What a channel waits for to move to another room.
#[derive(Debug, Deserialize)]
pub struct Upgrade {
    /// Its room, which the replacement has to name as its predecessor; `None`: no channel waits.
    pub predecessor_room_id: Option<String>,
    /// Who has to be banned in the replacement first, as Matrix ids.
    pub banned: Vec<String>,
}

/// Whether a channel waits to leave its room for this one.
pub async fn find_upgrade(replacement_room_id: &str) -> Result<Upgrade, Error> {
    Call::of("find_upgrade").arg("p_replacement_room_id", replacement_room_id).json().await
}

/// What came of following a room's replacement.
#[derive(Debug, Default, Deserialize)]
pub struct Followed {
    /// Those who are banned, as Matrix ids: the replacement need not know of them.
    pub banned: Vec<String>,
    /// The channel was public and is private now.
    pub has_closed: bool,
}

/// The bot is in the replacement, which names this predecessor: the channel follows. `is_closed`: strangers may not come in, or
/// read nothing there; a public channel is private from the same statement on.
pub async fn follow_upgrade(
    replacement_room_id: &str,
    predecessor_room_id: &str,
    is_closed: bool,
) -> Result<Followed, Error> {
    let followed: Option<Followed> = Call::of("follow_upgrade")
        .arg("p_replacement_room_id", replacement_room_id)
        .arg("p_predecessor_room_id", predecessor_room_id)
        .arg("p_is_closed", is_closed)
        .json_if_any()
        .await?;
    Ok(followed.unwrap_or_default())
}
