//! POST `/internal/matrix/invite`, `/join`, `/leave` and `/kick`.

use crate::act::{self, Membership, as_person_or_bot, with_reason};
use crate::answer::Refusal;
use crate::homeserver::{Acting, Homeserver, Nothing, v3};
use crate::ids::{OwnUser, actor, entity, own_actor, room_id};
use http::{Method, StatusCode};
use messaging_edge::{Reply, Request, settings};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Change {
    room_id: String,
    user_id: String,
    inviter: Option<String>,
    inviter_matrix_id: Option<String>,
    kicker: Option<String>,
    kicker_matrix_id: Option<String>,
    reason: Option<String>,
}

/// Invites somebody: as the inviter, or as the bot where the inviter's power does not reach.
pub async fn invite(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let change: Change = request.json().await?;
    let room = room_id(&change.room_id)?;
    let invitee = entity("user_id", &change.user_id, &hs.server_name)?;
    let inviter = actor(
        ("inviter_matrix_id", change.inviter_matrix_id.as_deref()),
        ("inviter", change.inviter.as_deref()),
        &hs.server_name,
    )?;
    let user_id = invitee.matrix_user_id(&hs.server_name);
    // The homeserver would invite somebody who does not exist, without a name.
    if let Some(own) = OwnUser::of(invitee, &hs.server_name) {
        act::register(hs, &own).await?;
    }
    let reason = change.reason.as_deref();
    let invited =
        as_person_or_bot(inviter.as_ref(), async |acting| act::invite(hs, acting, room, &user_id, reason).await);
    match invited.await {
        Ok(()) => status(room, "invited"),
        Err(refusal) if refusal.is("M_FORBIDDEN") => match act::membership(hs, room, &user_id).await? {
            Membership::Join => status(room, "already_joined"),
            _ => Err(refusal),
        },
        Err(refusal) => Err(refusal),
    }
}

/// Joins one of ours, a closed room included; or the bot, to the replacement of a room that was upgraded.
pub async fn join(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let change: Change = request.json().await?;
    let room = room_id(&change.room_id)?;
    if let Some(user) = OwnUser::of(entity("user_id", &change.user_id, &hs.server_name)?, &hs.server_name) {
        act::join(hs, &user, room).await?;
        return status(room, "joined");
    }
    let bot = settings::required("matrix_bot_localpart").await?;
    if change.user_id != format!("@{bot}:{}", hs.server_name) {
        return Err(Refusal::forbidden(
            "The gateway joins only @user-… and @agent-… of its own homeserver, and its bot.",
        ));
    }
    hs.call::<Nothing>(Acting::Bot, Method::POST, &v3(&["rooms", room, "join"]), Some(&json!({}))).await?;
    status(room, "joined")
}

/// One of ours leaves, or says no to an invitation.
pub async fn leave(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let change: Change = request.json().await?;
    let room = room_id(&change.room_id)?;
    let user = own_actor(("user_id", Some(&change.user_id)), ("user", None), &hs.server_name)?;
    let body = with_reason(json!({}), change.reason.as_deref());
    let target = v3(&["rooms", room, "leave"]);
    let left = hs.call::<Nothing>(Acting::Person(&user), Method::POST, &target, Some(&body)).await.map(|_| ());
    out(hs, room, &user.user_id, left, "left").await
}

/// Removes somebody: as the kicker, or as the bot where the kicker's power does not reach.
pub async fn kick(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let change: Change = request.json().await?;
    let room = room_id(&change.room_id)?;
    let user_id = entity("user_id", &change.user_id, &hs.server_name)?.matrix_user_id(&hs.server_name);
    let kicker = actor(
        ("kicker_matrix_id", change.kicker_matrix_id.as_deref()),
        ("kicker", change.kicker.as_deref()),
        &hs.server_name,
    )?;
    let body = with_reason(json!({"user_id": user_id}), change.reason.as_deref());
    let target = v3(&["rooms", room, "kick"]);
    let kicked = as_person_or_bot(kicker.as_ref(), async |acting| {
        hs.call::<Nothing>(acting, Method::POST, &target, Some(&body)).await.map(|_| ())
    });
    out(hs, room, &user_id, kicked.await, "kicked").await
}

/// Who is out already needs not be brought out: then the call was made before.
async fn out(
    hs: &Homeserver,
    room: &str,
    user_id: &str,
    result: Result<(), Refusal>,
    done: &str,
) -> Result<Reply, Refusal> {
    match result {
        Ok(()) => status(room, done),
        Err(refusal) if refusal.is("M_FORBIDDEN") => match act::membership(hs, room, user_id).await? {
            Membership::None | Membership::Left | Membership::Removed | Membership::Ban => status(room, "already_left"),
            Membership::Join | Membership::Invite | Membership::Knock => Err(refusal),
        },
        Err(refusal) => Err(refusal),
    }
}

fn status(room: &str, status: &str) -> Result<Reply, Refusal> {
    Ok(Reply::json(StatusCode::OK, &json!({"status": status, "room_id": room}))?)
}
