//! PATCH: role and capabilities; the power level in the room follows.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::member::{ChangeMember, Role};
use messaging_core::paths::MemberPath;
use messaging_core::refusal::Refusal;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::members::{prepare_member_change, record_member_change};
use messaging_edge::{Json, Path, Problem, Response, index, settings};

pub async fn change(
    caller: Caller,
    Path(at): Path<MemberPath>,
    Json(change): Json<ChangeMember>,
) -> Result<Response, Problem> {
    let member_id = at.member_id(&caller, &settings::required("matrix_server_name").await?)?;
    let prepared = prepare_member_change(&caller, at.channel_id, &member_id, &change).await?;
    if let Some(power_level) = prepared.power_level {
        let gateway = Gateway::from_settings().await?;
        gateway.set_power_level(&prepared.room_id, &prepared.matrix_user_id, power_level, Some(caller.id())).await?;
    }
    match record_member_change(&caller, at.channel_id, &member_id, &prepared.details).await {
        // They have become the last owner meanwhile, and stay it, in the room too.
        Err(index::Error::Refused(refusal @ Refusal::LastOwner)) => {
            let gateway = Gateway::from_settings().await?;
            let level = Role::Owner.power_level();
            gateway.set_power_level(&prepared.room_id, &prepared.matrix_user_id, level, None).await?;
            Err(refusal.into())
        }
        member => Ok(Response::document(StatusCode::OK, member?)),
    }
}
