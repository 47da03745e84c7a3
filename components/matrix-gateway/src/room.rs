//! GET `/internal/matrix/rooms/{room_id}`, and PUT `…/name`, `…/topic`, `…/avatar` and `…/visibility`.

use crate::act::as_person_or_bot;
use crate::alias;
use crate::error::GatewayError;
use crate::homeserver::{Acting, EventId, Homeserver, Nothing, v1, v3};
use crate::ids::{actor, alias_name, line_or_nothing, mxc_or_nothing, topic_or_nothing};
use crate::params::RoomPath;
use futures_util::future::join;
use http::{Method, StatusCode};
use messaging_core::gateway::{Room, RoomChange, Sent, VisibilityChanged};
use messaging_edge::{Json, Path, Response};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use std::time::Duration;

/// How often a join rule is written that the homeserver takes back.
const MAX_TRIES: usize = 4;
/// How long somebody who joins at the same moment may take to be in.
const SETTLE_TIME: Duration = Duration::from_millis(250);

/// What is needed of the client-server API's "GET /room_summary".
#[derive(Deserialize)]
struct Summary {
    name: Option<String>,
    topic: Option<String>,
    avatar_url: Option<String>,
    canonical_alias: Option<String>,
    num_joined_members: u64,
    /// The algorithm.
    encryption: Option<String>,
}

#[derive(Deserialize)]
struct Members {
    chunk: Vec<IgnoredAny>,
}

/// Says what a room is.
pub async fn room(hs: Homeserver, Path(path): Path<RoomPath>) -> Result<Response, GatewayError> {
    let room = path.room_id.as_str();
    let invited = v3(&["rooms", room, "members"]) + "?membership=invite";
    let (summary, invited) =
        join(hs.get::<Summary>(Acting::Bot, &v1(&["room_summary", room])), hs.get::<Members>(Acting::Bot, &invited))
            .await;
    // The second call is refused for every room that the bot is not in; the first succeeds for other rooms too.
    let invited = u64::try_from(invited?.chunk.len()).unwrap_or(u64::MAX);
    let summary = summary?;
    let room = Room {
        room_id: path.room_id,
        name: summary.name,
        topic: summary.topic,
        avatar_url: summary.avatar_url,
        canonical_alias: summary.canonical_alias,
        member_count: summary.num_joined_members.saturating_add(invited),
        joined_members: summary.num_joined_members,
        encryption: summary.encryption,
    };
    Ok(Response::json(StatusCode::OK, &room)?)
}

/// Sets the name; an empty text removes it.
pub async fn set_name(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    Json(change): Json<RoomChange>,
) -> Result<Response, GatewayError> {
    let event = set_state(&hs, &path, &change, "m.room.name", &name(&change)?).await?;
    Ok(Response::json(StatusCode::OK, &event)?)
}

/// Sets the topic; an empty text removes it.
pub async fn set_topic(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    Json(change): Json<RoomChange>,
) -> Result<Response, GatewayError> {
    let event = set_state(&hs, &path, &change, "m.room.topic", &topic(&change)?).await?;
    Ok(Response::json(StatusCode::OK, &event)?)
}

/// Sets the picture; an empty text removes it.
pub async fn set_avatar(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    Json(change): Json<RoomChange>,
) -> Result<Response, GatewayError> {
    let event = set_state(&hs, &path, &change, "m.room.avatar", &avatar(&change)?).await?;
    Ok(Response::json(StatusCode::OK, &event)?)
}

/// Opens a room to everybody and lists it (`public`), or takes both back (anything else); members stay. Its alias comes or
/// goes as the call says. What leads strangers to a room goes before the room is closed and comes after it is open: of one
/// call that is cut off, no closed room stays listed.
pub async fn set_visibility(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    Json(change): Json<RoomChange>,
) -> Result<Response, GatewayError> {
    let public = field(&change.visibility, "visibility")? == "public";
    let alias_name = change.room_alias_name.clone().filter(|name| !name.is_empty()).map(alias_name).transpose()?;
    let takes_alias = change.room_alias_name.as_deref() == Some("");
    // Whoever keeps the room in the list does not keep it open.
    let refused = match hide(&hs, &path.room_id, public, takes_alias).await {
        Err(error) if public || error.status != StatusCode::FORBIDDEN => return Err(error),
        hidden => hidden.err(),
    };
    let rule = json!({"join_rule": if public { "public" } else { "invite" }});
    // Never open and hidden at once: what the room shows comes first where it is opened, and last where it is closed.
    if public {
        show_history(&hs, &path.room_id, public).await?;
    }
    let event = set_join_rule(&hs, &path, &change, &rule).await?;
    if public {
        set_listed(&hs, &path.room_id, true).await?;
    } else {
        show_history(&hs, &path.room_id, public).await?;
    }
    let mut room_alias = alias_name.map(|name| format!("#{name}:{}", hs.server_name()));
    if let Some(alias) = &room_alias
        && !alias::add(&hs, &path.room_id, alias).await?
    {
        room_alias = None;
    }
    if let Some(error) = refused {
        return Err(error);
    }
    Ok(Response::json(StatusCode::OK, &VisibilityChanged { event_id: event.event_id, room_alias })?)
}

/// Takes away what leads strangers to a room: its place in the list unless it is `public`, and with `takes_alias` its aliases.
async fn hide(hs: &Homeserver, room_id: &str, public: bool, takes_alias: bool) -> Result<(), GatewayError> {
    if !public {
        set_listed(hs, room_id, false).await?;
    }
    if takes_alias {
        alias::remove_all(hs, room_id).await?;
    }
    Ok(())
}

/// Puts a room into the homeserver's list, or takes it out.
async fn set_listed(hs: &Homeserver, room_id: &str, listed: bool) -> Result<(), GatewayError> {
    let body = json!({"visibility": if listed { "public" } else { "private" }});
    let target = v3(&["directory", "list", "room", room_id]);
    match hs.call::<Nothing>(Acting::Bot, Method::PUT, &target, Some(&body)).await {
        // The homeserver's rules may keep rooms out of its list, as they do when a room is made.
        Err(error) if listed && error.status == StatusCode::FORBIDDEN => Ok(()),
        called => called.map(|_| ()),
    }
}

/// What was said before is for members; where everybody may join, for everybody who does.
async fn show_history(hs: &Homeserver, room_id: &str, public: bool) -> Result<(), GatewayError> {
    #[derive(Deserialize)]
    struct Shown {
        history_visibility: String,
    }
    let target = v3(&["rooms", room_id, "state", "m.room.history_visibility", ""]);
    let shown = match hs.get::<Shown>(Acting::Bot, &target).await {
        Ok(shown) => shown.history_visibility,
        // A room without one is read as one with `shared`.
        Err(error) if error.status == StatusCode::NOT_FOUND => return Ok(()),
        Err(error) => return Err(error),
    };
    let fits = if public { !["invited", "joined"].contains(&&*shown) } else { shown != "world_readable" };
    if !fits {
        let shared = json!({"history_visibility": "shared"});
        hs.call::<EventId>(Acting::Bot, Method::PUT, &target, Some(&shared)).await?;
    }
    Ok(())
}

/// Sets the join rule. Beside a join at the same moment the homeserver may take it back for the one before, which the
/// less powerful of the two people has set, and tells nobody (Matrix specification, "State resolution"). So this reads
/// it again, and writes it again when the old one is back.
async fn set_join_rule(
    hs: &Homeserver,
    path: &RoomPath,
    change: &RoomChange,
    rule: &Value,
) -> Result<Sent, GatewayError> {
    let target = v3(&["rooms", &path.room_id, "state", "m.room.join_rules", ""]) + "?format=event";
    let before = hs.get::<EventId>(Acting::Bot, &target).await?.event_id;
    for _ in 0..MAX_TRIES {
        let written = set_state(hs, path, change, "m.room.join_rules", rule).await?;
        // The homeserver makes no event of what the same sender has set already.
        if written.event_id == before {
            return Ok(written);
        }
        spin_sdk::time::sleep(SETTLE_TIME).await;
        let after = hs.get::<EventId>(Acting::Bot, &target).await?.event_id;
        if after != before {
            return Ok(written);
        }
    }
    Err(GatewayError::failed("the homeserver takes the join rule back all the time"))
}

/// Sets one state of a room: as the person whose act it is, or as the bot.
async fn set_state(
    hs: &Homeserver,
    path: &RoomPath,
    change: &RoomChange,
    event_type: &str,
    content: &Value,
) -> Result<Sent, GatewayError> {
    let sender = actor(("sender_matrix_id", change.sender_matrix_id.as_deref()), ("sender", None), hs.server_name())?;
    let target = v3(&["rooms", &path.room_id, "state", event_type, ""]);
    let event: EventId =
        as_person_or_bot(sender.as_ref(), async |acting| hs.call(acting, Method::PUT, &target, Some(content)).await)
            .await?;
    Ok(Sent { event_id: event.event_id, sent_at: None })
}

fn field<'a>(value: &'a Option<String>, name: &str) -> Result<&'a str, GatewayError> {
    value.as_deref().ok_or_else(|| GatewayError::missing(name))
}

fn name(change: &RoomChange) -> Result<Value, GatewayError> {
    Ok(json!({"name": line_or_nothing("name", field(&change.name, "name")?)?}))
}

fn topic(change: &RoomChange) -> Result<Value, GatewayError> {
    Ok(json!({"topic": topic_or_nothing(field(&change.topic, "topic")?)?}))
}

fn avatar(change: &RoomChange) -> Result<Value, GatewayError> {
    let url = mxc_or_nothing(field(&change.avatar_url, "avatar_url")?)?;
    Ok(if url.is_empty() { json!({}) } else { json!({"url": url}) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_the_field_of_its_path() {
        let change = |value: Value| serde_json::from_value::<RoomChange>(value).unwrap();
        let named = change(json!({"name": "x"}));
        assert_eq!(name(&named).unwrap(), json!({"name": "x"}));
        assert_eq!(topic(&named).unwrap_err().errcode, "M_BAD_JSON");
        let with_avatar = change(json!({"avatar_url": "mxc://a.example/x"}));
        assert_eq!(avatar(&with_avatar).unwrap(), json!({"url": "mxc://a.example/x"}));
        assert_eq!(avatar(&change(json!({"avatar_url": ""}))).unwrap(), json!({}));
        assert!(avatar(&change(json!({"avatar_url": "https://x/y"}))).is_err());
        for unseen in [" ", "\u{200b}", "a\u{202e}b", "a\u{1b}"] {
            let unseen = change(json!({"name": unseen, "topic": unseen}));
            assert!(name(&unseen).is_err() && topic(&unseen).is_err());
        }
        let lines = change(json!({"name": "a\nb", "topic": "a\nb"}));
        assert!(name(&lines).is_err() && topic(&lines).is_ok());
    }
}
