//! `/internal/messaging/microdaos/:microdao_id/members/:member_id`: the end of all of somebody's memberships.
//!
//! A token that names the microDAO no more ends what came of it; this ends what they made or were invited to as well.

use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::ids::{EntityId, MicrodaoId};
use messaging_core::member::Role;
use messaging_core::microdao::{EndedMemberships, MicrodaoMemberPath};
use messaging_core::paths;
use messaging_edge::acts::{self, Asked};
use messaging_edge::deadline::pause;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::endings::{EndingMembership, list_ending_memberships, record_ended_membership};
use messaging_edge::{IdempotencyKey, Path, Problem, Response, serve, settings};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;
use std::time::{Duration, Instant};

/// How many memberships one request ends, and no further one is begun beyond this time.
const MAX_ENDED: i32 = 25;
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one waits for others who change the member, and between two looks.
const MAX_WAIT: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(250);

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
    let bot = format!("@{}:{}", settings::required("matrix_bot_localpart").await?, gateway.server_name());
    let bot = EntityId::parse(&bot).map_err(|_| Problem::internal("matrix_bot_localpart makes no Matrix id"))?;
    let began = Instant::now();
    let mut listed = list_ending_memberships(microdao_id, member_id, MAX_ENDED, &bot).await?;
    // A change of their level has begun, and no other one begins.
    while listed.must_wait && began.elapsed() < MAX_WAIT {
        pause(PAUSE).await;
        listed = list_ending_memberships(microdao_id, member_id, MAX_ENDED, &bot).await?;
    }
    let mut left = listed.memberships.len();
    let mut outcome = EndedMemberships::default();
    for membership in listed.memberships {
        if began.elapsed() > PATIENCE {
            break;
        }
        match leave_room(gateway, &membership).await {
            Ok(()) => {}
            // The homeserver is slow or away: the request is safe to repeat.
            Err(problem) if (502..=504).contains(&problem.status.as_u16()) => return Err(problem),
            // It says no for this room, and would again.
            Err(_) => outcome.still_in_room.push(membership.channel_id),
        }
        let has_owner = record_ended_membership(&membership, member_id, &bot).await?;
        if !has_owner {
            outcome.without_owner.push(membership.channel_id);
        }
        outcome.ended += 1;
        left -= 1;
    }
    outcome.remaining = listed.remaining + u32::try_from(left).unwrap_or(u32::MAX);
    Response::json(StatusCode::OK, &outcome)
}

/// In Matrix: hands the room on if need be, and takes them out.
async fn leave_room(gateway: &Gateway, membership: &EndingMembership) -> Result<(), Problem> {
    let room_id = &membership.room_id;
    if let Some(successor) = &membership.successor {
        let level = Role::Owner.power_level();
        gateway.set_power_level_if_offered(room_id, &successor.matrix_user_id, level, None).await?;
    }
    // The level would wait in the room for them to come back.
    if membership.power_level > 0 {
        gateway.set_power_level_if_offered(room_id, &membership.matrix_user_id, 0, None).await?;
    }
    gateway.remove(room_id, &membership.matrix_user_id).await
}
