//! Who is erased leaves every channel, and then their profile is cleared.

use messaging_core::ids::{EntityId, EntityKind};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::life::{Departure, claim_departure, end_departure};
use messaging_edge::{Problem, acts, log};

/// When whoever is taken is given back, in seconds: well after the last call of a request has ended.
const LEASE: i32 = 90;

/// Goes on with one person; whether there may be more to do.
pub async fn go_on(gateway: &Gateway, bot: &EntityId) -> Result<bool, Problem> {
    let Some(Departure { erasure_id, member_id, microdao_id }) = claim_departure(LEASE).await? else {
        return Ok(false);
    };
    match microdao_id {
        Some(microdao_id) => {
            let ended = acts::end_memberships(&microdao_id, &member_id, gateway, bot).await?;
            if !ended.still_in_room.is_empty() {
                log::error("", &format!("erasure {erasure_id}: still in the rooms of {:?}", ended.still_in_room));
            }
            end_departure(erasure_id, false).await?;
        }
        None => {
            clear_profile(gateway, &member_id).await?;
            end_departure(erasure_id, true).await?;
        }
    }
    Ok(true)
}

/// A person who exists only in Matrix keeps the profile that their homeserver has.
async fn clear_profile(gateway: &Gateway, member_id: &EntityId) -> Result<(), Problem> {
    if member_id.kind() == EntityKind::MatrixPerson {
        return Ok(());
    }
    for cleared in [gateway.set_display_name(member_id, "").await, gateway.set_avatar(member_id, "").await] {
        match cleared {
            Ok(()) => {}
            // Somebody who has never acted has no profile there.
            Err(problem) if problem.status.is_client_error() => log::info("", &format!("a profile stays: {problem}")),
            Err(problem) => return Err(problem),
        }
    }
    Ok(())
}
