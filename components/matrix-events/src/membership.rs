//! `m.room.member`: who is in a room, and what they are called.

use crate::event::{Event, Here};
use crate::power_levels::raise;
use messaging_core::ids::EntityKind;
use messaging_core::matrix;
use messaging_core::profile::ToldProfile;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{Order, Sender, record_membership};

pub async fn record(event: &Event, sender: &Sender, here: &Here, order: Order<'_>) -> Result<Option<String>, Error> {
    let Some(matrix_user_id) = event.state_key.as_deref() else { return Ok(None) };
    let Some(member_id) = here.entity(matrix_user_id) else { return Ok(None) };
    let Some(membership) = matrix::text(&event.content, "membership") else { return Ok(None) };
    if !["join", "invite", "leave", "ban"].contains(&membership) {
        return Ok(None);
    }
    let changed_at = event.changed_at();
    let state = event.state(sender, &changed_at, order);
    // Of an invitation the name is the inviter's word.
    let profile = (membership == "join" && event.sender == matrix_user_id).then(|| {
        let told = |field| matrix::text(&event.content, field);
        ToldProfile::new(told("displayname"), told("avatar_url"))
    });
    let recorded = record_membership(state, &member_id, matrix_user_id, membership, profile.as_ref()).await?;
    if recorded.must_ban {
        let gateway = Gateway::from_settings().await?;
        if !gateway.ban(&event.room_id, matrix_user_id, None).await? {
            gateway.remove(&event.room_id, matrix_user_id).await?;
        }
    } else if recorded.must_remove {
        let gateway = Gateway::from_settings().await?;
        match member_id.kind() {
            EntityKind::MatrixPerson => gateway.remove(&event.room_id, matrix_user_id).await?,
            _ => gateway.leave(&event.room_id, matrix_user_id).await?,
        }
    }
    if recorded.drop_power_level {
        Gateway::from_settings().await?.set_power_level_if_offered(&event.room_id, matrix_user_id, 0, None).await?;
    }
    raise(&event.room_id, &recorded.must_raise).await?;
    Ok(recorded.ask_version)
}
