//! What the homeserver says of rooms: `migrations/functions/rooms/`.

use super::Error;
use super::call::Call;
use messaging_core::ids::EntityId;
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

/// A change of a part of a room's state.
#[derive(Clone, Copy)]
pub struct RecordRoomState<'a> {
    /// The room.
    pub room_id: &'a str,
    /// The type of the state event.
    pub event_type: &'a str,
    /// The channel's column that follows it.
    pub field: &'a str,
    /// The new value.
    pub value: Option<&'a str>,
    /// Who changed it.
    pub sender: &'a Sender,
    /// When, RFC 3339.
    pub changed_at: &'a str,
}

/// A room's name, topic or picture has changed.
pub async fn record_room_state(record: RecordRoomState<'_>) -> Result<(), Error> {
    Call::of("record_room_state")
        .arg("p_room_id", record.room_id)
        .arg("p_event_type", record.event_type)
        .arg("p_field", record.field)
        .arg("p_value", record.value)
        .arg("p_sender_id", &record.sender.id)
        .arg("p_by_bot", record.sender.is_bot)
        .arg("p_changed_at", record.changed_at)
        .done()
        .await
}

/// A room is encrypted from now on.
pub async fn record_encryption(room_id: &str, sender: &Sender) -> Result<(), Error> {
    Call::of("record_encryption").arg("p_room_id", room_id).arg("p_sender_id", &sender.id).done().await
}

/// A membership as the homeserver tells it.
#[derive(Clone, Copy)]
pub struct RecordMembership<'a> {
    /// The room.
    pub room_id: &'a str,
    /// Whose membership it is.
    pub member_id: &'a EntityId,
    /// Their Matrix id.
    pub matrix_user_id: &'a str,
    /// `join`, `invite`, `leave`, `ban` or `knock`.
    pub membership: &'a str,
    /// Who brought it about.
    pub sender: &'a Sender,
    /// When, RFC 3339.
    pub changed_at: &'a str,
}

/// What is left to do after a membership.
#[derive(Debug, Deserialize)]
pub struct RecordedMembership {
    /// Somebody with power has gone, and the room still holds the level for them.
    pub drop_power_level: bool,
    /// One of our users is in the room and may not be in the channel.
    pub must_remove: bool,
    /// Somebody whom the channel has banned has got into the room.
    #[serde(default)]
    pub must_ban: bool,
}

/// A membership has changed.
pub async fn record_membership(record: RecordMembership<'_>) -> Result<RecordedMembership, Error> {
    Call::of("record_membership")
        .arg("p_room_id", record.room_id)
        .arg("p_member_id", record.member_id)
        .arg("p_member_type", record.member_id.member_type())
        .arg("p_matrix_user_id", record.matrix_user_id)
        .arg("p_membership", record.membership)
        .arg("p_sender_id", &record.sender.id)
        .arg("p_by_bot", record.sender.is_bot)
        .arg("p_changed_at", record.changed_at)
        .json()
        .await
}

/// A room's power levels as the homeserver tells them.
#[derive(Clone, Copy)]
pub struct RecordPowerLevels<'a> {
    /// The room.
    pub room_id: &'a str,
    /// By Matrix user id; `null` for one that cannot be read.
    pub levels: &'a Map<String, Value>,
    /// Everybody else's; `None` when it cannot be read.
    pub default: Option<i32>,
    /// Who changed them.
    pub sender: &'a Sender,
    /// When, RFC 3339.
    pub changed_at: &'a str,
}

/// A room's power levels have changed.
pub async fn record_power_levels(record: RecordPowerLevels<'_>) -> Result<(), Error> {
    Call::of("record_power_levels")
        .arg("p_room_id", record.room_id)
        .jsonb("p_levels", record.levels)
        .arg("p_default", record.default)
        .arg("p_sender_id", &record.sender.id)
        .arg("p_by_bot", record.sender.is_bot)
        .arg("p_changed_at", record.changed_at)
        .done()
        .await
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

/// The room that a channel waits to leave for this one, which has to name it as its predecessor.
pub async fn find_upgrade(replacement_room_id: &str) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct Found {
        predecessor_room_id: Option<String>,
    }
    let found: Found = Call::of("find_upgrade").arg("p_replacement_room_id", replacement_room_id).json().await?;
    Ok(found.predecessor_room_id)
}

/// The bot is in the replacement, which names this predecessor: the channel follows. Gives those who are banned, as Matrix
/// ids: the replacement need not know of them.
pub async fn follow_upgrade(replacement_room_id: &str, predecessor_room_id: &str) -> Result<Vec<String>, Error> {
    #[derive(Deserialize)]
    struct Followed {
        banned: Vec<String>,
    }
    let followed: Option<Followed> = Call::of("follow_upgrade")
        .arg("p_replacement_room_id", replacement_room_id)
        .arg("p_predecessor_room_id", predecessor_room_id)
        .json_if_any()
        .await?;
    Ok(followed.map(|followed| followed.banned).unwrap_or_default())
}

/// Who types in a room at the moment: everybody who does. Nothing is stored.
pub async fn announce_typing(room_id: &str, member_ids: Vec<String>) -> Result<(), Error> {
    Call::of("announce_typing").arg("p_room_id", room_id).arg("p_member_ids", member_ids).done().await
}
