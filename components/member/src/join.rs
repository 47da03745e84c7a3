//! PUT `…/members/me`: joins. Joining again changes nothing.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::ids::ChannelId;
use messaging_core::paths::MemberPath;
use messaging_edge::acts::{self, Asked};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::members::prepare_join;
use messaging_edge::{IdempotencyKey, Path, Problem, Response, settings};

pub async fn join(caller: Caller, Path(at): Path<MemberPath>, key: IdempotencyKey) -> Result<Response, Problem> {
    if at.member_id(&caller, &settings::required("matrix_server_name").await?)? != *caller.id() {
        return Err(Problem::only_oneself());
    }
    let asked = Asked { act: "PUT member", channel_id: at.channel_id, resource: "me", body: "" };
    acts::once(&caller, key, asked, carry_out(&caller, at.channel_id)).await
}

async fn carry_out(caller: &Caller, channel_id: ChannelId) -> Result<Response, Problem> {
    let prepared = prepare_join(caller, channel_id).await?;
    if let Some(member) = prepared.member {
        return Response::json(StatusCode::OK, &member);
    }
    let gateway = Gateway::from_settings().await?;
    let member = acts::enter(caller, channel_id, &prepared.room_id, &gateway).await?;
    Ok(Response::document(StatusCode::OK, member))
}
