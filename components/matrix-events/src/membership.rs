//! `m.room.member`: who is in a room.

use crate::event::{Event, Here};
use messaging_core::matrix;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{RecordMembership, Sender, record_membership};

pub async fn apply(event: &Event, sender: &Sender, matrix_user_id: &str, here: &Here) -> Result<(), Error> {
    let Some(member_id) = here.entity(matrix_user_id) else { return Ok(()) };
    let Some(membership) = matrix::text(&event.content, "membership") else { return Ok(()) };
    let Some(changed_at) = event.sent_at() else { return Ok(()) };
    let recorded = record_membership(RecordMembership {
        room_id: &event.room_id,
        member_id: &member_id,
        matrix_user_id,
        membership,
        sender,
        changed_at: &changed_at,
    })
    .await?;
    if recorded.must_remove {
        Gateway::from_settings().await?.leave(&event.room_id, matrix_user_id).await?;
    }
    if recorded.drop_power_level {
        Gateway::from_settings().await?.set_power_level_if_offered(&event.room_id, matrix_user_id, 0, None).await?;
    }
    Ok(())
}
