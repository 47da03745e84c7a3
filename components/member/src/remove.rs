//! DELETE: leaves when it is oneself, removes or bans somebody else otherwise.

use crate::check_not_service;
use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, EntityId};
use messaging_core::member::RemoveMember;
use messaging_core::paths::MemberPath;
use messaging_edge::acts::{self, Asked};
use messaging_edge::deadline::pause;
use messaging_edge::gateway::{Gateway, StateNow};
use messaging_edge::index::members::{PreparedRemoval, prepare_removal, record_removal};
use messaging_edge::index::requests::Intent;
use messaging_edge::{IdempotencyKey, Path, Problem, Query, Response};
use serde_json::Value;
use std::time::Duration;

/// How often somebody is removed who is in the room again at once.
const TRIES: usize = 3;
/// How often, and how long, a removal waits for a change of the same member: 5 seconds together.
const PAUSES: usize = 20;
const PAUSE: Duration = Duration::from_millis(250);

pub async fn remove(
    caller: Caller,
    Path(at): Path<MemberPath>,
    key: IdempotencyKey,
    Query(RemoveMember { ban }): Query<RemoveMember>,
) -> Result<Response, Problem> {
    let gateway = Gateway::from_settings().await?;
    let member_id = at.member_id(&caller, gateway.server_name())?;
    // A ban needs no membership, and the bot has none.
    if ban {
        check_not_service(&member_id, &gateway).await?;
    }
    let (act, channel_id) = ("DELETE member", at.channel_id);
    let body = if ban { "ban" } else { "" };
    let asked = Asked { act, channel_id, resource: member_id.as_str(), body };
    acts::once(&caller, key, asked, carry_out(&caller, channel_id, &member_id, ban, &gateway)).await
}

async fn carry_out(
    caller: &Caller,
    channel_id: ChannelId,
    member_id: &EntityId,
    ban: bool,
    gateway: &Gateway,
) -> Result<Response, Problem> {
    let intent = Intent { channel_id, act: "remove", target_id: member_id.as_str() };
    let mut prepared = prepare_removal(caller, channel_id, member_id, ban).await?;
    // A change of their level has begun, and no other one begins.
    for _ in 0..PAUSES {
        if !prepared.must_wait {
            break;
        }
        pause(PAUSE).await;
        // What has changed meanwhile may have made it a refusal.
        let again = async { Ok(prepare_removal(caller, channel_id, member_id, ban).await?) };
        prepared = acts::intended(caller, intent, again).await?;
    }
    if !prepared.is_gone {
        let matrix_user_id = prepared.matrix_user_id.clone().unwrap_or_else(|| gateway.matrix_id(member_id));
        let way_out = WayOut { is_oneself: *member_id == *caller.id(), ban, matrix_user_id: &matrix_user_id, prepared };
        acts::intended(caller, intent, take_out(caller, gateway, &way_out)).await?;
        record_removal(caller, channel_id, member_id, &matrix_user_id, ban).await?;
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

/// How somebody gets out of a room.
struct WayOut<'a> {
    is_oneself: bool,
    ban: bool,
    matrix_user_id: &'a str,
    prepared: PreparedRemoval,
}

async fn take_out(caller: &Caller, gateway: &Gateway, way_out: &WayOut<'_>) -> Result<(), Problem> {
    let WayOut { is_oneself, ban, matrix_user_id, prepared } = way_out;
    let room_id = &prepared.room_id;
    // The level would wait in the room for them to come back.
    if prepared.power_level > 0 {
        gateway.set_power_level_if_offered(room_id, matrix_user_id, 0, Some(caller.id())).await?;
    }
    let is_banned = *ban && gateway.ban(room_id, matrix_user_id, Some(caller.id())).await?;
    if *is_oneself {
        return gateway.leave(room_id, matrix_user_id).await;
    }
    if prepared.is_member && !is_banned {
        gateway.kick(room_id, matrix_user_id, caller.id()).await?;
    }
    keep_out(caller, room_id, matrix_user_id, is_banned, gateway).await
}

/// Another act of power at the same time may have taken the removal back, and the homeserver tells nobody (server-server
/// API, "Room State Resolution"): who is still in the room is removed again.
async fn keep_out(
    caller: &Caller,
    room_id: &str,
    matrix_user_id: &str,
    is_banned: bool,
    gateway: &Gateway,
) -> Result<(), Problem> {
    for _ in 0..TRIES {
        // A room that cannot be asked has taken the removal.
        let Ok(StateNow::Event(event)) = gateway.state_now(room_id, "m.room.member", matrix_user_id).await else {
            break;
        };
        let event: Value = serde_json::from_str(event.get()).map_err(Problem::homeserver_failed)?;
        if !matches!(event.pointer("/content/membership").and_then(Value::as_str), Some("join" | "invite")) {
            break;
        }
        match is_banned {
            true => gateway.ban(room_id, matrix_user_id, Some(caller.id())).await.map(|_| ())?,
            false => gateway.kick(room_id, matrix_user_id, caller.id()).await?,
        }
    }
    Ok(())
}
