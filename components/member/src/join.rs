//! PUT `…/members/me`: joins. Joining again changes nothing.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::MemberPath;
use messaging_core::refusal::Refusal;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::members::{prepare_join, record_join};
use messaging_edge::{Path, Problem, Response, index, log, settings};

pub async fn join(caller: Caller, Path(at): Path<MemberPath>) -> Result<Response, Problem> {
    if at.member_id(&caller, &settings::required("matrix_server_name").await?)? != *caller.id() {
        return Err(Problem::only_oneself());
    }
    let prepared = prepare_join(&caller, at.channel_id).await?;
    if let Some(member) = prepared.member {
        return Response::json(StatusCode::OK, &member);
    }
    let gateway = Gateway::from_settings().await?;
    let asked_at = log::now();
    let matrix_id = gateway.matrix_id(caller.id());
    gateway.join(&prepared.room_id, &matrix_id).await?;
    match record_join(&caller, at.channel_id, &matrix_id, &asked_at).await {
        // A caller who was removed while they joined is out of the room again.
        Err(index::Error::Refused(refusal @ Refusal::ChannelNotFound)) => {
            gateway.leave(&prepared.room_id, &matrix_id).await?;
            Err(refusal.into())
        }
        member => Ok(Response::document(StatusCode::OK, member?)),
    }
}
