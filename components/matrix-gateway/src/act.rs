//! Acting as somebody: optimistic, so that the usual case is one call, and what is missing is made up for
//! only when the homeserver says so.

use crate::answer::Refusal;
use crate::homeserver::{Acting, EventId, Homeserver, Nothing, v3};
use crate::ids::OwnUser;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// Somebody's membership in a room (CS `m.room.member`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// There is no membership event.
    None,
    /// A member.
    Join,
    /// Invited, not answered.
    Invite,
    /// Left by themselves, or said no to an invitation.
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
pub async fn membership(hs: &Homeserver, room: &str, user_id: &str) -> Result<Membership, Refusal> {
    let target = v3(&["rooms", room, "state", "m.room.member", user_id]) + "?format=event";
    match hs.get::<MemberEvent>(Acting::Bot, &target).await {
        Ok(event) => Ok(membership_of(&event.content.membership, event.sender == user_id)),
        Err(refusal) if refusal.is("M_NOT_FOUND") => Ok(Membership::None),
        Err(refusal) => Err(refusal),
    }
}

fn membership_of(membership: &str, by_themselves: bool) -> Membership {
    match membership {
        "join" => Membership::Join,
        "invite" => Membership::Invite,
        "knock" => Membership::Knock,
        "leave" if by_themselves => Membership::Left,
        "leave" => Membership::Removed,
        // Whatever else there may be one day does not let anybody in.
        _ => Membership::Ban,
    }
}

/// Registers one of ours (AS "Server admin style permissions"). `true` when it is new: it then has a display
/// name and the device for its transactions.
pub async fn register(hs: &Homeserver, user: &OwnUser) -> Result<bool, Refusal> {
    let body = json!({
        "type": "m.login.application_service",
        "username": user.localpart(),
        "inhibit_login": true,
    });
    match hs.call::<Nothing>(Acting::Bot, Method::POST, &v3(&["register"]), Some(&body)).await {
        Ok(_) => {}
        Err(refusal) if refusal.is("M_USER_IN_USE") => return Ok(false),
        Err(refusal) => return Err(refusal),
    }
    set_profile(hs, user, "displayname", user.first_display_name()).await?;
    hs.make_device(user).await?;
    Ok(true)
}

/// Sets one field of a profile (CS "Profiles"); `displayname` or `avatar_url`.
pub async fn set_profile(hs: &Homeserver, user: &OwnUser, field: &str, value: &str) -> Result<(), Refusal> {
    let target = v3(&["profile", &user.user_id, field]);
    hs.call::<Nothing>(Acting::Person(user), Method::PUT, &target, Some(&json!({field: value}))).await.map(|_| ())
}

/// Joins one of ours to a room, a closed one included: the bot then invites first.
pub async fn join(hs: &Homeserver, user: &OwnUser, room: &str) -> Result<(), Refusal> {
    let target = v3(&["rooms", room, "join"]);
    let body = json!({});
    let try_join = || hs.call::<Nothing>(Acting::Person(user), Method::POST, &target, Some(&body));
    let closed = |refusal: &Refusal| refusal.is("M_FORBIDDEN");
    match try_join().await {
        Ok(_) => return Ok(()),
        Err(refusal) if closed(&refusal) => {}
        Err(refusal) => return Err(banned_is_forbidden(refusal)),
    }
    if register(hs, user).await? {
        match try_join().await {
            Ok(_) => return Ok(()),
            Err(refusal) if closed(&refusal) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    match invite(hs, Acting::Bot, room, &user.user_id, None).await {
        // Somebody else may have let them in meanwhile: what counts is whether the join works.
        Ok(()) => {}
        Err(refusal) if closed(&refusal) => {}
        Err(refusal) => return Err(banned_is_forbidden(refusal)),
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
) -> Result<(), Refusal> {
    let body = with_reason(json!({"user_id": user_id}), reason);
    hs.call::<Nothing>(acting, Method::POST, &v3(&["rooms", room, "invite"]), Some(&body)).await.map(|_| ())
}

/// Adds a reason to the body of a membership call, if there is one.
pub fn with_reason(mut body: Value, reason: Option<&str>) -> Value {
    if let (Some(reason), Some(fields)) = (reason, body.as_object_mut()) {
        fields.insert("reason".to_owned(), json!(reason));
    }
    body
}

/// The homeserver calls a ban a bad state; for the gateway's caller it is a refusal like any other.
fn banned_is_forbidden(refusal: Refusal) -> Refusal {
    if refusal.is("M_BAD_STATE") { Refusal { errcode: "M_FORBIDDEN".to_owned(), ..refusal } } else { refusal }
}

/// Sends an event as one of ours, who is registered and joined first if that is what was missing.
pub async fn send_event(
    hs: &Homeserver,
    user: &OwnUser,
    room: &str,
    event_type: &str,
    txn_id: &str,
    content: &Value,
) -> Result<EventId, Refusal> {
    // In memory the homeserver keeps transaction ids per path and application service, in its database per
    // room and user: without both in it, two users, or two kinds of event, with the same id would share one event.
    let txn_id = format!("{}.{event_type}.{txn_id}", user.localpart());
    let target = v3(&["rooms", room, "send", event_type, &txn_id]);
    match hs.transact(Acting::Person(user), &target, content).await {
        Err(refusal) if refusal.is("M_FORBIDDEN") => {
            enter_to_act(hs, user, room, refusal).await?;
            hs.transact(Acting::Person(user), &target, content).await
        }
        other => other,
    }
}

/// Joins a user whom the homeserver did not let act, where that is all that was missing. Who was removed
/// stays out, and who is in already gets the homeserver's refusal.
async fn enter_to_act(hs: &Homeserver, user: &OwnUser, room: &str, refusal: Refusal) -> Result<(), Refusal> {
    match membership(hs, room, &user.user_id).await? {
        Membership::None | Membership::Invite => join(hs, user, room).await,
        Membership::Left => {
            let target = v3(&["rooms", room, "join"]);
            let joined = hs.call::<Nothing>(Acting::Person(user), Method::POST, &target, Some(&json!({}))).await;
            joined.map(|_| ()).map_err(banned_is_forbidden)
        }
        Membership::Join => Err(refusal),
        Membership::Removed | Membership::Ban | Membership::Knock => {
            Err(Refusal::forbidden(format!("{} is not in this room and may not come in by acting.", user.user_id)))
        }
    }
}

/// Does something as a person, and as the bot where that person's power level does not reach or there is
/// nobody for whom the gateway may act. That the person may do it has been decided by the index.
pub async fn as_person_or_bot<T>(
    person: Option<&OwnUser>,
    act: impl AsyncFn(Acting<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    if let Some(person) = person {
        match act(Acting::Person(person)).await {
            Err(refusal) if refusal.is("M_FORBIDDEN") => {}
            other => return other,
        }
    }
    act(Acting::Bot).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_left_by_themselves_has_left() {
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
