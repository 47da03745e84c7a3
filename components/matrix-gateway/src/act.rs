//! Acting as somebody. The act itself is tried first, so that it is usually the only call; registering and joining
//! follow only when the homeserver refuses for want of them.

use crate::alias::who_am_i;
use crate::error::GatewayError;
use crate::homeserver::{Acting, EventId, Homeserver, Nothing, v3};
use crate::ids::OwnUser;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// Somebody's membership in a room (client-server API, `m.room.member`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// There is no membership event.
    None,
    /// A member.
    Join,
    /// Invited, and neither joined nor declined.
    Invite,
    /// Left by themselves, or declined an invitation.
    Left,
    /// Removed by somebody else, or no longer invited.
    Removed,
    /// Banned.
    Ban,
    /// Asked to be let in.
    Knock,
}

#[derive(Deserialize)]
struct MemberEvent {
    content: MemberContent,
    sender: String,
}

#[derive(Deserialize)]
struct MemberContent {
    membership: String,
}

/// Looks up a membership, as the bot.
pub async fn membership(hs: &Homeserver, room: &str, user_id: &str) -> Result<Membership, GatewayError> {
    let target = v3(&["rooms", room, "state", "m.room.member", user_id]) + "?format=event";
    match hs.get::<MemberEvent>(Acting::Bot, &target).await {
        Ok(event) => Ok(membership_of(&event.content.membership, event.sender == user_id)),
        Err(error) if error.is("M_NOT_FOUND") => Ok(Membership::None),
        Err(error) => Err(error),
    }
}

fn membership_of(membership: &str, by_themselves: bool) -> Membership {
    match membership {
        "join" => Membership::Join,
        "invite" => Membership::Invite,
        "knock" => Membership::Knock,
        "leave" if by_themselves => Membership::Left,
        "leave" => Membership::Removed,
        // A membership that the specification does not know lets nobody in.
        _ => Membership::Ban,
    }
}

/// Registers one of the gateway's own users (application service API, "Server admin style permissions"). `true` when
/// the user is new, and then has a display name and the device for its transactions.
pub async fn register(hs: &Homeserver, user: &OwnUser) -> Result<bool, GatewayError> {
    let body = json!({
        "type": "m.login.application_service",
        "username": user.localpart(),
        "inhibit_login": true,
    });
    match hs.call::<Nothing>(Acting::Bot, Method::POST, &v3(&["register"]), Some(&body)).await {
        Ok(_) => {}
        Err(error) if error.is("M_USER_IN_USE") => return Ok(false),
        Err(error) => return Err(error),
    }
    set_profile(hs, user, "displayname", user.first_display_name()).await?;
    hs.make_device(user).await?;
    Ok(true)
}

/// What the bot is called, where nobody has named it.
const BOT_NAME: &str = "DAARION";

/// Names the bot unless it has a name. The homeserver makes the bot's account with none, or with its localpart.
pub async fn name_bot(hs: &Homeserver) -> Result<(), GatewayError> {
    #[derive(Deserialize)]
    struct Profile {
        displayname: Option<String>,
    }
    let bot = who_am_i(hs).await?;
    let localpart = bot.trim_start_matches('@').split(':').next().unwrap_or_default();
    let target = v3(&["profile", &bot, "displayname"]);
    let profile = hs.get::<Profile>(Acting::Bot, &target).await;
    let name = match profile {
        Ok(profile) => profile.displayname,
        Err(error) if error.is("M_NOT_FOUND") => None,
        Err(error) => return Err(error),
    };
    if name.is_none_or(|name| name.is_empty() || name == localpart) {
        let body = json!({"displayname": BOT_NAME});
        hs.call::<Nothing>(Acting::Bot, Method::PUT, &target, Some(&body)).await?;
    }
    Ok(())
}

/// Sets one field of a profile (client-server API, "Profiles"): `displayname` or `avatar_url`.
pub async fn set_profile(hs: &Homeserver, user: &OwnUser, field: &str, value: &str) -> Result<(), GatewayError> {
    let target = v3(&["profile", &user.user_id, field]);
    hs.call::<Nothing>(Acting::Person(user), Method::PUT, &target, Some(&json!({field: value}))).await.map(|_| ())
}

/// Joins one of the gateway's own users to a room. To a closed room the bot invites them first.
pub async fn join(hs: &Homeserver, user: &OwnUser, room: &str) -> Result<(), GatewayError> {
    let target = v3(&["rooms", room, "join"]);
    let body = json!({});
    let try_join = || hs.call::<Nothing>(Acting::Person(user), Method::POST, &target, Some(&body));
    let closed = |error: &GatewayError| error.is("M_FORBIDDEN");
    match try_join().await {
        Ok(_) => return Ok(()),
        Err(error) if closed(&error) => {}
        Err(error) => return Err(banned_is_forbidden(error)),
    }
    if register(hs, user).await? {
        match try_join().await {
            Ok(_) => return Ok(()),
            Err(error) if closed(&error) => {}
            Err(error) => return Err(error),
        }
    }
    match invite(hs, Acting::Bot, room, &user.user_id, None).await {
        // The user may be a member by now, or invited by somebody else: the join decides.
        Ok(()) => {}
        Err(error) if closed(&error) => {}
        Err(error) => return Err(banned_is_forbidden(error)),
    }
    try_join().await.map(|_| ()).map_err(banned_is_forbidden)
}

/// Invites somebody, as somebody.
pub async fn invite(
    hs: &Homeserver,
    acting: Acting<'_>,
    room: &str,
    user_id: &str,
    reason: Option<&str>,
) -> Result<(), GatewayError> {
    let body = with_reason(json!({"user_id": user_id}), reason);
    hs.call::<Nothing>(acting, Method::POST, &v3(&["rooms", room, "invite"]), Some(&body)).await.map(|_| ())
}

/// Invites somebody to a conversation of two. The membership is set itself, because the call that invites has no place for
/// `is_direct` (client-server API, `m.room.member`).
pub async fn invite_to_talk(
    hs: &Homeserver,
    acting: Acting<'_>,
    room: &str,
    user_id: &str,
    reason: Option<&str>,
) -> Result<(), GatewayError> {
    let body = with_reason(json!({"membership": "invite", "is_direct": true}), reason);
    let target = v3(&["rooms", room, "state", "m.room.member", user_id]);
    hs.call::<Nothing>(acting, Method::PUT, &target, Some(&body)).await.map(|_| ())
}

/// Adds a reason to the body of a membership call, if there is one.
pub fn with_reason(mut body: Value, reason: Option<&str>) -> Value {
    if let (Some(reason), Some(fields)) = (reason, body.as_object_mut()) {
        fields.insert("reason".to_owned(), json!(reason));
    }
    body
}

/// The homeserver has M_BAD_STATE for a banned user. The gateway's caller gets M_FORBIDDEN, as for every other refusal.
fn banned_is_forbidden(error: GatewayError) -> GatewayError {
    if error.is("M_BAD_STATE") { GatewayError { errcode: "M_FORBIDDEN".to_owned(), ..error } } else { error }
}

/// Sends an event as one of the gateway's own users, who is registered and joined first if need be.
pub async fn send_event(
    hs: &Homeserver,
    user: &OwnUser,
    room: &str,
    event_type: &str,
    txn_id: &str,
    content: &Value,
) -> Result<EventId, GatewayError> {
    // The homeserver keeps transaction ids in memory per path and application service, and in its database per room
    // and user. So the id names the user and the event type: otherwise two users, or two types, would share one event.
    let txn_id = format!("{}.{event_type}.{txn_id}", user.localpart());
    let target = v3(&["rooms", room, "send", event_type, &txn_id]);
    match hs.transact(Acting::Person(user), &target, content).await {
        Err(error) if error.is("M_FORBIDDEN") => {
            enter_to_act(hs, user, room, error).await?;
            hs.transact(Acting::Person(user), &target, content).await
        }
        other => other,
    }
}

/// Joins a user whom the homeserver did not let act, unless they were removed. A user who is a member already gets the
/// homeserver's error.
async fn enter_to_act(hs: &Homeserver, user: &OwnUser, room: &str, error: GatewayError) -> Result<(), GatewayError> {
    match membership(hs, room, &user.user_id).await? {
        Membership::None | Membership::Invite => join(hs, user, room).await,
        Membership::Left => {
            let target = v3(&["rooms", room, "join"]);
            let joined = hs.call::<Nothing>(Acting::Person(user), Method::POST, &target, Some(&json!({}))).await;
            joined.map(|_| ()).map_err(banned_is_forbidden)
        }
        Membership::Join => Err(error),
        Membership::Removed | Membership::Ban | Membership::Knock => {
            Err(GatewayError::forbidden(format!("{} is not in this room and may not come in by acting.", user.user_id)))
        }
    }
}

/// Does something as a person, and as the bot where that person's power level does not reach or there is nobody for
/// whom the gateway may act. The index has decided before that the person may do it.
pub async fn as_person_or_bot<T>(
    person: Option<&OwnUser>,
    act: impl AsyncFn(Acting<'_>) -> Result<T, GatewayError>,
) -> Result<T, GatewayError> {
    if let Some(person) = person {
        match act(Acting::Person(person)).await {
            Err(error) if error.is("M_FORBIDDEN") => {}
            other => return other,
        }
    }
    act(Acting::Bot).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_who_was_removed_has_not_left() {
        assert_eq!(membership_of("leave", true), Membership::Left);
        assert_eq!(membership_of("leave", false), Membership::Removed);
        assert_eq!(membership_of("ban", true), Membership::Ban);
        assert_eq!(membership_of("something new", true), Membership::Ban);
    }

    #[test]
    fn a_reason_is_added_only_when_there_is_one() {
        assert_eq!(with_reason(json!({"a": 1}), None), json!({"a": 1}));
        assert_eq!(with_reason(json!({}), Some("x")), json!({"reason": "x"}));
    }
}
