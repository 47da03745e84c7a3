//! How far rooms' histories are compared with the index: `migrations/functions/rooms/reconcile.sql`.

use super::Error;
use super::call::Call;
use crate::gateway::Direction;
use messaging_core::gateway::RoomMember;
use messaging_core::ids::ChannelId;
use serde::Deserialize;
use std::collections::BTreeSet;

/// Where to go on, and what the channel is.
#[derive(Debug, Clone, Deserialize)]
pub struct Begun {
    /// The channel's room.
    pub room_id: String,
    /// Back to where it begins, or on from there.
    pub direction: Direction,
    /// The place, as the homeserver calls it.
    pub place: Option<String>,
    /// The channel's last number.
    pub last_seq: i64,
    /// The channel had another room before.
    pub is_replacement: bool,
    /// Where the way back ends, milliseconds since 1970, as the following.
    pub since_ms: i64,
    /// When the channel was made.
    pub not_before_ms: i64,
    /// What is newer is left to the homeserver.
    pub settled_ms: i64,
    /// Whether all members are to be compared.
    pub with_members: bool,
    /// The channel's fields that its room has as well.
    pub name: String,
    /// Its topic.
    pub topic: Option<String>,
    /// Its picture.
    pub avatar_url: Option<String>,
    /// Whether it is encrypted.
    pub is_encrypted: bool,
}

/// Begins a run, or goes on. `since`: anew, and at least back to that time.
pub async fn begin_reconcile(channel_id: ChannelId, since: Option<&str>, min_age: i32) -> Result<Begun, Error> {
    Call::of("begin_reconcile")
        .arg("p_channel_id", channel_id)
        .arg("p_since", since)
        .arg("p_min_age", min_age)
        .json()
        .await
}

/// Notes where to go on; `false`: another run has gone on from `from`.
pub async fn move_reconcile(
    channel_id: ChannelId,
    room_id: &str,
    from: (Direction, Option<&str>),
    to: (Direction, Option<&str>),
) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Moved {
        moved: bool,
    }
    let call = Call::of("move_reconcile")
        .arg("p_channel_id", channel_id)
        .arg("p_room_id", room_id)
        .arg("p_from_direction", from.0.code())
        .arg("p_from_place", from.1)
        .arg("p_direction", to.0.code())
        .arg("p_place", to.1);
    Ok(call.json::<Moved>().await?.moved)
}

/// The history is compared to its end, and all members if `with_members`; `last_seq` is the channel's number at the
/// beginning, `None` where events were left to the homeserver.
pub async fn end_reconcile(
    channel_id: ChannelId,
    room_id: &str,
    last_seq: Option<i64>,
    with_members: bool,
) -> Result<(), Error> {
    Call::of("end_reconcile")
        .arg("p_channel_id", channel_id)
        .arg("p_room_id", room_id)
        .arg("p_last_seq", last_seq)
        .arg("p_with_members", with_members)
        .done()
        .await
}

/// An event of a history, as far as the index has to know it to say whether it has it.
#[derive(Clone, Copy)]
pub struct HistoryEvent<'a> {
    /// The event.
    pub event_id: &'a str,
    /// What it is, in the function's words.
    pub kind: &'static str,
    /// What it is about.
    pub about: Option<&'a str>,
    /// Who sent it.
    pub sender_id: &'a str,
}

/// What the index does not have.
#[derive(Debug, Deserialize)]
pub struct Unindexed {
    /// The channel's last number.
    pub last_seq: i64,
    /// Events that it does not have.
    pub unindexed: BTreeSet<String>,
    /// Events that failed and are set aside.
    pub set_aside: BTreeSet<String>,
}

/// Which of these events of a channel's room are missing in the index.
pub async fn find_unindexed(room_id: &str, events: &[HistoryEvent<'_>]) -> Result<Unindexed, Error> {
    let texts = |of: fn(&HistoryEvent<'_>) -> String| events.iter().map(of).collect::<Vec<_>>();
    let about: Vec<_> = events.iter().map(|event| event.about.map(str::to_owned)).collect();
    Call::of("find_unindexed")
        .arg("p_room_id", room_id)
        .arg("p_event_ids", texts(|event| event.event_id.to_owned()))
        .arg("p_kinds", texts(|event| event.kind.to_owned()))
        .arg("p_about", about)
        .arg("p_senders", texts(|event| event.sender_id.to_owned()))
        .json()
        .await
}

/// The Matrix ids of those whose membership in the room is another one than here, at most `limit`. `members` are all who are
/// in, invited or banned there.
pub async fn find_other_memberships(room_id: &str, members: &[RoomMember], limit: i32) -> Result<Vec<String>, Error> {
    #[derive(Deserialize)]
    struct Others {
        user_ids: Vec<String>,
    }
    let call = Call::of("find_other_memberships")
        .arg("p_room_id", room_id)
        .arg("p_user_ids", members.iter().map(|member| member.user_id.clone()).collect::<Vec<_>>())
        .arg("p_memberships", members.iter().map(|member| member.membership.clone()).collect::<Vec<_>>())
        .arg("p_limit", limit);
    Ok(call.json::<Others>().await?.user_ids)
}
