//! Inviting somebody, as `members` and a direct channel do it alike.

use super::intended;
use crate::gateway::Gateway;
use crate::index::members::{PreparedInvite, RecordInvite, prepare_invite, record_invite};
use crate::index::requests::Intent;
use crate::settings::{self, fingerprint};
use crate::{Problem, index, log};
use messaging_core::auth::Caller;
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::{ChannelId, EntityKind};
use messaging_core::member::InviteMember;
use serde_json::value::RawValue;

/// A member after an invitation.
#[derive(Debug)]
pub struct Invited {
    /// The row.
    pub member: Box<RawValue>,
    /// They were a member before, just as the invitation says: nothing was done.
    pub was_member: bool,
}

/// Where the level of the person who is invited comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelIs {
    /// The invitation gives it.
    ToBeGiven,
    /// The room was made with it, so nothing is lost where the gateway cannot give levels.
    GivenWithTheRoom,
}

/// Invites somebody; gives the member's row. Agents, and users whom the microDAO knows, are in at once; everybody else
/// decides themselves.
pub async fn invite(
    caller: &Caller,
    channel_id: ChannelId,
    invitation: InviteMember,
    client_key: Option<&ClientKey>,
    level_is: LevelIs,
) -> Result<Invited, index::Error> {
    let gateway = Gateway::from_settings().await?;
    let bot = settings::required("matrix_bot_localpart").await?;
    let invitation = invitation.check(gateway.server_name(), &bot)?;
    let details = serde_json::to_string(&invitation.details).map_err(Problem::internal)?;
    let fingerprint =
        fingerprint(&["invite", &channel_id.to_string(), invitation.member_id.as_str(), &details]).await?;
    let prepared = prepare_invite(caller, channel_id, &invitation, client_key, &fingerprint).await?;
    if let Some(member) = prepared.member {
        return Ok(Invited { member, was_member: prepared.is_member });
    }

    let (room_id, matrix_id) = (&prepared.room_id, gateway.matrix_id(&invitation.member_id));
    let intent = Intent { channel_id, act: "invite", target_id: invitation.member_id.as_str() };
    if prepared.must_unban {
        intended(caller, intent, gateway.unban(room_id, &matrix_id, caller.id())).await?;
    }
    // Behind that, so that the push of it is older than the invitation.
    let asked_at = log::now();
    let has_joined = invitation.member_id.kind() != EntityKind::MatrixPerson && !prepared.must_accept;
    let way_in = WayIn {
        room_id,
        matrix_id: &matrix_id,
        power_level: prepared.power_level,
        level_is,
        has_joined,
        is_direct: prepared.is_direct,
    };
    if let Err(problem) = intended(caller, intent, let_in(caller, &gateway, way_in)).await {
        if prepared.must_unban
            && let Err(lost) = gateway.ban(room_id, &matrix_id, Some(caller.id())).await
        {
            return Err(problem.with_internal_message(format!("the ban of {matrix_id} is lifted: {lost}")).into());
        }
        return Err(problem.into());
    }
    let recorded = record_invite(&RecordInvite {
        channel_id,
        caller,
        invitation: &invitation,
        matrix_user_id: &matrix_id,
        has_joined,
        asked_at: &asked_at,
        client_key,
        fingerprint: &fingerprint,
    })
    .await;
    if let Err(index::Error::Refused(_)) = recorded {
        take_back(&gateway, &matrix_id, &prepared).await?;
    }
    Ok(Invited { member: recorded?, was_member: false })
}

/// The caller has lost the right to invite meanwhile: whom they have brought into the room is taken out again.
async fn take_back(gateway: &Gateway, matrix_id: &str, prepared: &PreparedInvite) -> Result<(), Problem> {
    let room_id = &prepared.room_id;
    if let Some(power_level) = prepared.power_level {
        gateway.set_power_level_if_offered(room_id, matrix_id, power_level.min(0), None).await?;
    }
    if prepared.must_unban && gateway.ban(room_id, matrix_id, None).await? || prepared.is_in {
        return Ok(());
    }
    gateway.remove(room_id, matrix_id).await
}

/// How somebody gets into a room.
struct WayIn<'a> {
    room_id: &'a str,
    matrix_id: &'a str,
    power_level: Option<i32>,
    level_is: LevelIs,
    has_joined: bool,
    is_direct: bool,
}

async fn let_in(caller: &Caller, gateway: &Gateway, way_in: WayIn<'_>) -> Result<(), Problem> {
    let WayIn { room_id, matrix_id, power_level, level_is, has_joined, is_direct } = way_in;
    // First, because the homeserver's push of the invitation records the role: then the room must have it already.
    if let Some(power_level) = power_level {
        match gateway.set_power_level(room_id, matrix_id, power_level, Some(caller.id())).await {
            Err(problem) if problem.is_gateway_lacks() && level_is == LevelIs::GivenWithTheRoom => {}
            set => set?,
        }
    }
    gateway.invite(room_id, matrix_id, caller.id(), is_direct).await?;
    if has_joined {
        gateway.join(room_id, matrix_id).await?;
    }
    Ok(())
}
