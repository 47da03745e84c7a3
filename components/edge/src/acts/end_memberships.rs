//! Ending all of somebody's memberships in a microDAO, in Matrix and here.

use crate::Problem;
use crate::deadline::pause;
use crate::gateway::Gateway;
use crate::index::endings::{EndingMembership, list_ending_memberships, record_ended_membership};
use messaging_core::ids::{EntityId, MicrodaoId};
use messaging_core::member::Role;
use messaging_core::microdao::EndedMemberships;
use std::time::{Duration, Instant};

/// How many memberships are ended at once, and no further one is begun beyond this time.
const MAX_ENDED: i32 = 25;
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one waits for others who change the member, and between two looks.
const MAX_WAIT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(250);

/// Ends the first memberships for the bot, and says how many are left.
pub async fn end_memberships(
    microdao_id: &MicrodaoId,
    member_id: &EntityId,
    gateway: &Gateway,
    bot: &EntityId,
) -> Result<EndedMemberships, Problem> {
    let began = Instant::now();
    let mut listed = list_ending_memberships(microdao_id, member_id, MAX_ENDED, bot).await?;
    // A change of their level has begun, and no other one begins.
    while listed.must_wait && began.elapsed() < MAX_WAIT {
        pause(PAUSE).await;
        listed = list_ending_memberships(microdao_id, member_id, MAX_ENDED, bot).await?;
    }
    let mut left = listed.memberships.len();
    let mut outcome = EndedMemberships::default();
    for membership in listed.memberships {
        if began.elapsed() > PATIENCE {
            break;
        }
        match leave_room(gateway, &membership).await {
            Ok(()) => {}
            // The homeserver is slow or away: the request is safe to repeat.
            Err(problem) if (502..=504).contains(&problem.status.as_u16()) => return Err(problem),
            // It says no for this room, and would again.
            Err(_) => outcome.still_in_room.push(membership.channel_id),
        }
        let has_owner = record_ended_membership(&membership, member_id, bot).await?;
        if !has_owner {
            outcome.without_owner.push(membership.channel_id);
        }
        outcome.ended += 1;
        left -= 1;
    }
    outcome.remaining = listed.remaining + u32::try_from(left).unwrap_or(u32::MAX);
    Ok(outcome)
}

/// In Matrix: hands the room on if need be, and takes them out.
async fn leave_room(gateway: &Gateway, membership: &EndingMembership) -> Result<(), Problem> {
    let room_id = &membership.room_id;
    if let Some(successor) = &membership.successor {
        let level = Role::Owner.power_level();
        gateway.set_power_level_if_offered(room_id, &successor.matrix_user_id, level, None).await?;
    }
    // The level would wait in the room for them to come back.
    if membership.power_level > 0 {
        gateway.set_power_level_if_offered(room_id, &membership.matrix_user_id, 0, None).await?;
    }
    gateway.remove(room_id, &membership.matrix_user_id).await
}
