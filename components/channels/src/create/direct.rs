//! A direct channel has two, and both own it: nobody manages the other.

use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, EntityId, EntityKind};
use messaging_core::member::{InviteMember, Role};
use messaging_core::refusal::Refusal;
use messaging_edge::acts::LevelIs;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::members::record_return;
use messaging_edge::{Problem, acts, index, log};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Row {
    id: ChannelId,
    matrix_room_id: String,
}

fn read(channel: &RawValue) -> Result<Row, Problem> {
    serde_json::from_str(channel.get()).map_err(Problem::internal)
}

/// Brings the caller back, with this level, into a direct channel that they have left.
pub async fn return_to(
    gateway: &Gateway,
    caller: &Caller,
    channel: &RawValue,
    power_level: i32,
) -> Result<(), Problem> {
    let row = read(channel)?;
    let asked_at = log::now();
    let matrix_id = gateway.matrix_id(caller.id());
    gateway.set_power_level_if_offered(&row.matrix_room_id, &matrix_id, power_level, Some(caller.id())).await?;
    gateway.join(&row.matrix_room_id, &matrix_id).await?;
    let returned = record_return(caller, row.id, &matrix_id, &asked_at).await;
    // Removed meanwhile: the level must not wait in the room for them.
    if let Err(index::Error::Refused(_)) = returned {
        gateway.set_power_level_if_offered(&row.matrix_room_id, &matrix_id, power_level.min(0), None).await?;
        gateway.leave(&row.matrix_room_id, &matrix_id).await?;
    }
    Ok(returned?)
}

/// Opens the direct channel that was archived.
pub async fn reopen(caller: &Caller, channel: &RawValue, request_id: &str) -> Result<Box<RawValue>, Problem> {
    let row = read(channel)?;
    let opened = acts::reopen(caller, row.id, &row.matrix_room_id, request_id).await?;
    RawValue::from_string(opened.into_text()).map_err(Problem::internal)
}

/// The level of the other one, which a direct channel's room is made with: both own it, unless one is an agent.
pub fn levels(gateway: &Gateway, other: Option<&EntityId>) -> Option<Map<String, Value>> {
    let other = other.filter(|other| other.kind() != EntityKind::Agent)?;
    let users = json!({gateway.matrix_id(other): Role::Owner.power_level()});
    Some(Map::from_iter([("users".to_owned(), users)]))
}

/// Has the Matrix clients of both show the room as their conversation. The channel is there all the same where that fails.
pub async fn mark(gateway: &Gateway, caller: &Caller, other: Option<&EntityId>, channel: &RawValue, request_id: &str) {
    let (Some(other), Ok(row)) = (other, read(channel)) else { return };
    if let Err(problem) = gateway.mark_direct(&row.matrix_room_id, caller.id(), other).await {
        log::error(request_id, &format!("{} is not marked as a conversation: {problem}", row.matrix_room_id));
    }
}

/// Brings the other one into a direct channel, unless they are there or have left it. Whether they were brought in.
pub async fn invite_other(caller: &Caller, other: Option<&EntityId>, channel: &RawValue) -> Result<bool, Problem> {
    let Some(other) = other else { return Ok(false) };
    let role = (other.kind() != EntityKind::Agent).then_some(Role::Owner);
    let invitation = InviteMember { member_id: other.as_str().to_owned(), role, ..InviteMember::default() };
    match acts::invite(caller, read(channel)?.id, invitation, None, LevelIs::GivenWithTheRoom).await {
        // There already, or gone for good; or the caller is the other one, finds the channel, and is being invited at
        // this moment.
        Err(index::Error::Refused(
            Refusal::AlreadyAMember
            | Refusal::HasLeft
            | Refusal::CannotInvite
            | Refusal::ChannelNotFound
            | Refusal::MemberNotFound,
        )) => Ok(false),
        invited => Ok(invited.map(|invited| !invited.was_member)?),
    }
}
