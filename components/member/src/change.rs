//! PATCH: role and capabilities; the power level in the room follows.

use crate::check_not_service;
use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, EntityId};
use messaging_core::member::{ChangeMember, Role};
use messaging_core::paths::MemberPath;
use messaging_core::refusal::Refusal;
use messaging_edge::acts::{self, Asked};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::members::{prepare_member_change, record_member_change};
use messaging_edge::index::requests::Intent;
use messaging_edge::{IdempotencyKey, Json, Path, Problem, Response, index};

pub async fn change(
    caller: Caller,
    Path(at): Path<MemberPath>,
    key: IdempotencyKey,
    Json(change): Json<ChangeMember>,
) -> Result<Response, Problem> {
    let gateway = Gateway::from_settings().await?;
    let member_id = at.member_id(&caller, gateway.server_name())?;
    check_not_service(&member_id, &gateway).await?;
    let body = serde_json::to_string(&change).map_err(Problem::internal)?;
    let (act, channel_id) = ("PATCH member", at.channel_id);
    let asked = Asked { act, channel_id, resource: member_id.as_str(), body: &body };
    acts::once(&caller, key, asked, carry_out(&caller, channel_id, &member_id, &change, &gateway)).await
}

async fn carry_out(
    caller: &Caller,
    channel_id: ChannelId,
    member_id: &EntityId,
    change: &ChangeMember,
    gateway: &Gateway,
) -> Result<Response, Problem> {
    let prepared = prepare_member_change(caller, channel_id, member_id, change).await?;
    let matrix_id = prepared.matrix_user_id.unwrap_or_else(|| gateway.matrix_id(member_id));
    let room_id = &prepared.room_id;
    if let Some(power_level) = prepared.power_level {
        let intent = Intent { channel_id, act: "role", target_id: member_id.as_str() };
        let set = gateway.set_power_level(room_id, &matrix_id, power_level, Some(caller.id()));
        acts::intended(caller, intent, set).await?;
    }
    match record_member_change(caller, channel_id, member_id, &prepared.details, &matrix_id).await {
        Err(index::Error::Refused(refusal)) => {
            if let Some(power_level) = prepared.power_level {
                let kept = match refusal {
                    // They have become the last owner meanwhile, and stay it, in the room too.
                    Refusal::LastOwner => Role::Owner.power_level(),
                    // They have gone meanwhile: the level would wait in the room for them to come back.
                    _ => power_level.min(0),
                };
                gateway.set_power_level(room_id, &matrix_id, kept, None).await?;
            }
            Err(refusal.into())
        }
        member => Ok(Response::document(StatusCode::OK, member?)),
    }
}
