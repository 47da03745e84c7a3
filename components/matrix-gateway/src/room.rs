//! GET `/internal/matrix/rooms/{room_id}`, and PUT `…/name`, `…/topic`, `…/avatar`, and our own `…/visibility`.

use crate::act::as_person_or_bot;
use crate::answer::Refusal;
use crate::homeserver::{Acting, EventId, Homeserver, Nothing, v1, v3};
use crate::ids::{actor, mxc_or_nothing, room_id};
use futures_util::future::join;
use http::{Method, StatusCode};
use messaging_edge::{Reply, Request};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// What is needed of CS "GET /room_summary".
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

/// Answers what a room is. `joined_members` counts who is in, `member_count` who is in or invited.
pub async fn get(hs: &Homeserver, room: &str) -> Result<Reply, Refusal> {
    let room = room_id(room)?;
    let invited = v3(&["rooms", room, "members"]) + "?membership=invite";
    let (summary, invited) =
        join(hs.get::<Summary>(Acting::Bot, &v1(&["room_summary", room])), hs.get::<Members>(Acting::Bot, &invited))
            .await;
    // The second is refused for every room that the bot is not in; the first answers for strangers' rooms too.
    let invited = u64::try_from(invited?.chunk.len()).unwrap_or(u64::MAX);
    let summary = summary?;
    let answer = json!({
        "room_id": room,
        "name": summary.name,
        "topic": summary.topic,
        "avatar_url": summary.avatar_url,
        "canonical_alias": summary.canonical_alias,
        "member_count": summary.num_joined_members.saturating_add(invited),
        "joined_members": summary.num_joined_members,
        "encryption": summary.encryption,
    });
    Ok(Reply::json(StatusCode::OK, &answer)?)
}

#[derive(Deserialize)]
struct Change {
    name: Option<String>,
    topic: Option<String>,
    avatar_url: Option<String>,
    /// Whose act it is; the bot's when it is left out.
    sender_matrix_id: Option<String>,
}

/// Sets the name, topic or avatar; an empty text removes it.
pub async fn put(hs: &Homeserver, room: &str, field: &str, request: Request) -> Result<Reply, Refusal> {
    let room = room_id(room)?;
    let change: Change = request.json().await?;
    let sender = actor(("sender_matrix_id", change.sender_matrix_id.as_deref()), ("sender", None), &hs.server_name)?;
    let (event_type, content) = change.state(field)?;
    let target = v3(&["rooms", room, "state", event_type, ""]);
    let event: EventId =
        as_person_or_bot(sender.as_ref(), async |acting| hs.call(acting, Method::PUT, &target, Some(&content)).await)
            .await?;
    Ok(Reply::json(StatusCode::OK, &json!({"event_id": event.event_id}))?)
}

#[derive(Deserialize)]
struct Visibility {
    visibility: String,
    sender_matrix_id: Option<String>,
}

/// `public` lets everybody join and lists the room, everything else takes both back; members stay.
pub async fn put_visibility(hs: &Homeserver, room: &str, request: Request) -> Result<Reply, Refusal> {
    let room = room_id(room)?;
    let asked: Visibility = request.json().await?;
    let sender = actor(("sender_matrix_id", asked.sender_matrix_id.as_deref()), ("sender", None), &hs.server_name)?;
    let public = asked.visibility == "public";
    let rule = json!({"join_rule": if public { "public" } else { "invite" }});
    let target = v3(&["rooms", room, "state", "m.room.join_rules", ""]);
    let event: EventId =
        as_person_or_bot(sender.as_ref(), async |acting| hs.call(acting, Method::PUT, &target, Some(&rule)).await)
            .await?;
    let listed = json!({"visibility": if public { "public" } else { "private" }});
    let target = v3(&["directory", "list", "room", room]);
    match hs.call::<Nothing>(Acting::Bot, Method::PUT, &target, Some(&listed)).await {
        Ok(_) => {}
        // The homeserver's rules may keep rooms out of its list, as they do when a room is made.
        Err(refusal) if public && refusal.status == StatusCode::FORBIDDEN => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(Reply::json(StatusCode::OK, &json!({"event_id": event.event_id}))?)
}

impl Change {
    fn state(&self, field: &str) -> Result<(&'static str, Value), Refusal> {
        let needed = |value: &Option<String>, name: &str| {
            let missing = || Refusal::new(StatusCode::BAD_REQUEST, "M_BAD_JSON", format!("{name} is missing"));
            value.clone().ok_or_else(missing)
        };
        match field {
            "name" => Ok(("m.room.name", json!({"name": needed(&self.name, "name")?}))),
            "topic" => Ok(("m.room.topic", json!({"topic": needed(&self.topic, "topic")?}))),
            _ => {
                let url = needed(&self.avatar_url, "avatar_url")?;
                let content = if mxc_or_nothing(&url)?.is_empty() { json!({}) } else { json!({"url": url}) };
                Ok(("m.room.avatar", content))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_the_field_of_its_path() {
        let change = |value: Value| serde_json::from_value::<Change>(value).unwrap();
        let name = change(json!({"name": "x"}));
        assert_eq!(name.state("name").unwrap(), ("m.room.name", json!({"name": "x"})));
        assert!(name.state("topic").is_err());
        let avatar = change(json!({"avatar_url": "mxc://a.example/x"}));
        assert_eq!(avatar.state("avatar").unwrap(), ("m.room.avatar", json!({"url": "mxc://a.example/x"})));
        assert_eq!(change(json!({"avatar_url": ""})).state("avatar").unwrap().1, json!({}));
        assert!(change(json!({"avatar_url": "https://x/y"})).state("avatar").is_err());
    }
}
