//! DELETE: leaves when it is oneself, removes somebody else otherwise.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::MemberPath;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::members::{prepare_removal, record_removal};
use messaging_edge::{Path, Problem, Response};

pub async fn remove(caller: Caller, Path(at): Path<MemberPath>) -> Result<Response, Problem> {
    let gateway = Gateway::from_settings().await?;
    let member_id = at.member_id(&caller, gateway.server_name())?;
    let prepared = prepare_removal(&caller, at.channel_id, &member_id).await?;
    let (room_id, matrix_user_id) = (&prepared.room_id, &prepared.matrix_user_id);
    // The level would wait in the room for them to come back.
    if prepared.power_level > 0 {
        gateway.set_power_level_if_offered(room_id, matrix_user_id, 0, Some(caller.id())).await?;
    }
    if member_id == *caller.id() {
        gateway.leave(room_id, matrix_user_id).await?;
    } else {
        gateway.kick(room_id, matrix_user_id, caller.id()).await?;
    }
    record_removal(&caller, at.channel_id, &member_id).await?;
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
