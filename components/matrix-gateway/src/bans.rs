//! POST `/internal/matrix/ban` and `/unban`: as the person, or as the bot where their power level does not reach.

use crate::act::{self, Membership, as_person_or_bot, with_reason};
use crate::error::GatewayError;
use crate::homeserver::{Homeserver, Nothing, v3};
use crate::ids::{actor, entity, room_id};
use crate::membership::status;
use http::Method;
use messaging_core::gateway::MembershipChange;
use messaging_edge::{Json, Response};
use serde_json::json;

/// Bans somebody, who need not be in the room.
pub async fn ban(hs: Homeserver, Json(change): Json<MembershipChange>) -> Result<Response, GatewayError> {
    change_ban(&hs, &change, "ban").await?;
    status(room_id(&change.room_id)?, "banned")
}

/// Ends a ban. Somebody who is not banned is a success too: a retry may find the work done.
pub async fn unban(hs: Homeserver, Json(change): Json<MembershipChange>) -> Result<Response, GatewayError> {
    let room = room_id(&change.room_id)?;
    match change_ban(&hs, &change, "unban").await {
        Err(error) if error.is("M_FORBIDDEN") || error.is("M_BAD_STATE") => {
            let user_id = entity("user_id", &change.user_id, hs.server_name())?.matrix_user_id(hs.server_name());
            if act::membership(&hs, room, &user_id).await? == Membership::Ban {
                return Err(error);
            }
        }
        other => other?,
    }
    status(room, "unbanned")
}

/// `act` is `ban` or `unban` (client-server API, "Room membership").
async fn change_ban(hs: &Homeserver, change: &MembershipChange, act: &str) -> Result<(), GatewayError> {
    let room = room_id(&change.room_id)?;
    let user_id = entity("user_id", &change.user_id, hs.server_name())?.matrix_user_id(hs.server_name());
    let person = actor(
        ("kicker_matrix_id", change.kicker_matrix_id.as_deref()),
        ("kicker", change.kicker.as_deref()),
        hs.server_name(),
    )?;
    let body = with_reason(json!({"user_id": user_id}), change.reason.as_deref());
    let target = v3(&["rooms", room, act]);
    as_person_or_bot(person.as_ref(), async |acting| {
        hs.call::<Nothing>(acting, Method::POST, &target, Some(&body)).await.map(|_| ())
    })
    .await
}
