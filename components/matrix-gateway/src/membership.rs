//! POST `/internal/matrix/invite`, `/join`, `/leave` and `/kick`.

use crate::act::{self, Membership, as_person_or_bot, with_reason};
use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, Nothing, v3};
use crate::ids::{OwnUser, actor, entity, own_actor, room_id};
use http::{Method, StatusCode};
use messaging_core::gateway::{MembershipChange, MembershipStatus};
use messaging_edge::{Json, Response, settings};
use serde_json::json;

/// Invites somebody: as the inviter, or as the bot where the inviter's power level does not reach.
pub async fn invite(hs: Homeserver, Json(change): Json<MembershipChange>) -> Result<Response, GatewayError> {
    let room = room_id(&change.room_id)?;
    let invitee = entity("user_id", &change.user_id, hs.server_name())?;
    let inviter = actor(
        ("inviter_matrix_id", change.inviter_matrix_id.as_deref()),
        ("inviter", change.inviter.as_deref()),
        hs.server_name(),
    )?;
    let user_id = invitee.matrix_user_id(hs.server_name());
    // The homeserver would invite a user who does not exist, without a display name.
    if let Some(own) = OwnUser::of(invitee, hs.server_name()) {
        act::register(&hs, &own).await?;
    }
    let reason = change.reason.as_deref();
    let is_direct = change.is_direct == Some(true);
    let invited = as_person_or_bot(inviter.as_ref(), async |acting| match is_direct {
        true => act::invite_to_talk(&hs, acting, room, &user_id, reason).await,
        false => act::invite(&hs, acting, room, &user_id, reason).await,
    });
    match invited.await {
        Ok(()) => status(room, "invited"),
        Err(error) if error.is("M_FORBIDDEN") => match act::membership(&hs, room, &user_id).await? {
            Membership::Join => status(room, "already_joined"),
            _ => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// Joins one of the gateway's own users, to a closed room too; or the bot, to the replacement of an upgraded room.
pub async fn join(hs: Homeserver, Json(change): Json<MembershipChange>) -> Result<Response, GatewayError> {
    let room = room_id(&change.room_id)?;
    if let Some(user) = OwnUser::of(entity("user_id", &change.user_id, hs.server_name())?, hs.server_name()) {
        act::join(&hs, &user, room).await?;
        return status(room, "joined");
    }
    let bot = settings::required("matrix_bot_localpart").await?;
    if change.user_id != format!("@{bot}:{}", hs.server_name()) {
        return Err(GatewayError::forbidden(
            "The gateway joins only @user-… and @agent-… of its own homeserver, and its bot.",
        ));
    }
    hs.call::<Nothing>(Acting::Bot, Method::POST, &v3(&["rooms", room, "join"]), Some(&json!({}))).await?;
    status(room, "joined")
}

/// Lets one of the gateway's own users leave a room or decline an invitation.
pub async fn leave(hs: Homeserver, Json(change): Json<MembershipChange>) -> Result<Response, GatewayError> {
    let room = room_id(&change.room_id)?;
    let user = own_actor(("user_id", Some(&change.user_id)), ("user", None), hs.server_name())?;
    let body = with_reason(json!({}), change.reason.as_deref());
    let target = v3(&["rooms", room, "leave"]);
    let left = hs.call::<Nothing>(Acting::Person(&user), Method::POST, &target, Some(&body)).await.map(|_| ());
    removed(&hs, room, &user.user_id, left, "left").await
}

/// Removes somebody: as the kicker, or as the bot where the kicker's power level does not reach.
pub async fn kick(hs: Homeserver, Json(change): Json<MembershipChange>) -> Result<Response, GatewayError> {
    let room = room_id(&change.room_id)?;
    let user_id = entity("user_id", &change.user_id, hs.server_name())?.matrix_user_id(hs.server_name());
    let kicker = actor(
        ("kicker_matrix_id", change.kicker_matrix_id.as_deref()),
        ("kicker", change.kicker.as_deref()),
        hs.server_name(),
    )?;
    let body = with_reason(json!({"user_id": user_id}), change.reason.as_deref());
    let target = v3(&["rooms", room, "kick"]);
    let kicked = as_person_or_bot(kicker.as_ref(), async |acting| {
        hs.call::<Nothing>(acting, Method::POST, &target, Some(&body)).await.map(|_| ())
    });
    removed(&hs, room, &user_id, kicked.await, "kicked").await
}

/// The response to a removal. A user who is not in the room is a success too: a retry may find the work done.
async fn removed(
    hs: &Homeserver,
    room: &str,
    user_id: &str,
    result: Result<(), GatewayError>,
    done: &str,
) -> Result<Response, GatewayError> {
    match result {
        Ok(()) => status(room, done),
        Err(error) if error.is("M_FORBIDDEN") => match act::membership(hs, room, user_id).await? {
            Membership::None | Membership::Left | Membership::Removed | Membership::Ban => status(room, "already_left"),
            Membership::Join | Membership::Invite | Membership::Knock => Err(error),
        },
        Err(error) => Err(error),
    }
}

/// The response of a change of membership.
pub fn status(room: &str, status: &str) -> Result<Response, GatewayError> {
    let status = MembershipStatus { status: status.to_owned(), room_id: room.to_owned() };
    Ok(Response::json(StatusCode::OK, &status)?)
}
