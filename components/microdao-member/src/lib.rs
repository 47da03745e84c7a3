//! `/internal/messaging/microdaos/:microdao_id/members/:member_id`: the end of all of somebody's memberships.
//!
//! A token that names the microDAO no more ends what came of it; this ends what they made or were invited to as well.

use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::ids::{EntityId, MicrodaoId};
use messaging_core::microdao::MicrodaoMemberPath;
use messaging_core::paths;
use messaging_edge::acts::{self, Asked};
use messaging_edge::gateway::Gateway;
use messaging_edge::{IdempotencyKey, Path, Problem, Response, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn microdao_member(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| router.delete(paths::MICRODAO_MEMBER, end)).await
}

/// DELETE: ends the first memberships, and says how many are left.
async fn end(internal: Internal, Path(at): Path<MicrodaoMemberPath>, key: IdempotencyKey) -> Result<Response, Problem> {
    let gateway = Gateway::from_settings().await?;
    let member_id = at.member_id(gateway.server_name())?;
    let resource = format!("{} {member_id}", at.microdao_id.as_str());
    let asked = Asked { act: "DELETE microdao member", channel_id: acts::NO_CHANNEL, resource: &resource, body: "" };
    acts::once(&internal.service(), key, asked, carry_out(&at.microdao_id, &member_id, &gateway)).await
}

async fn carry_out(microdao_id: &MicrodaoId, member_id: &EntityId, gateway: &Gateway) -> Result<Response, Problem> {
    let bot = acts::bot(gateway).await?;
    Response::json(StatusCode::OK, &acts::end_memberships(microdao_id, member_id, gateway, &bot).await?)
}
