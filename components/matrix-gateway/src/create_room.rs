//! POST `/internal/matrix/create-room`: makes the room of a channel, or finishes the one that an earlier try
//! for the same channel left behind.

use crate::act;
use crate::alias::{self, RoomId, who_am_i};
use crate::answer::Refusal;
use crate::homeserver::{Acting, Homeserver, v3};
use crate::ids::{OwnUser, entity};
use crate::power_level;
use http::{Method, StatusCode};
use messaging_core::ids::EntityId;
use messaging_core::matrix::CHANNEL_FIELD;
use messaging_edge::{Reply, Request};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The power level of a channel's owner.
const OWNER_LEVEL: i64 = 100;
/// How often a taken alias is freed before we leave it to whoever else is after it.
const MAX_TRIES: usize = 2;

#[derive(Deserialize)]
struct CreateRoom {
    name: Option<String>,
    topic: Option<String>,
    visibility: Option<String>,
    room_alias_name: Option<String>,
    preset: Option<String>,
    #[serde(default)]
    initial_state: Vec<Value>,
    power_level_content_override: Option<Map<String, Value>>,
    #[serde(default)]
    creation_content: Map<String, Value>,
    creator_matrix_id: Option<String>,
}

/// Answers a request.
pub async fn post(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let asked: CreateRoom = request.json().await?;
    let owner =
        asked.creator_matrix_id.as_deref().map(|id| entity("creator_matrix_id", id, &hs.server_name)).transpose()?;
    let own = owner.clone().and_then(|owner| OwnUser::of(owner, &hs.server_name));
    let channel = asked.creation_content.get(CHANNEL_FIELD).and_then(Value::as_str).map(str::to_owned);
    let alias_name = asked.room_alias_name.clone();
    let alias = alias_name.map(|name| format!("#{name}:{}", hs.server_name));
    let bot = if names_strangers(&asked, &hs.server_name) { Some(who_am_i(hs).await?) } else { None };
    let body = body(asked, owner.as_ref(), own.as_ref(), bot.as_deref(), &hs.server_name)?;

    let target = v3(&["createRoom"]);
    let create = || hs.call::<RoomId>(Acting::Bot, Method::POST, &target, Some(&body));
    let (mut created, mut tries) = (create().await, 0);
    let (room, new) = loop {
        match (created, &alias) {
            (Ok(created), _) => break (created.room_id, true),
            (Err(refusal), Some(alias)) if alias_is_taken(&refusal) && tries < MAX_TRIES => {
                if let Some(room) = alias::take(hs, alias, channel.as_deref()).await? {
                    break (room, false);
                }
                (created, tries) = (create().await, tries + 1);
            }
            (Err(refusal), _) => return Err(in_use(refusal)),
        }
    };
    if let Some(own) = &own {
        act::join(hs, own, &room).await?;
    }
    if let Some(owner) =
        owner.map(|owner| owner.matrix_user_id(&hs.server_name)).filter(|owner| bot.as_ref() != Some(owner))
    {
        if own.is_none() {
            let invited = act::invite(hs, Acting::Bot, &room, &owner, None).await;
            // A member already, when an earlier try got this far.
            invited.or_else(|refusal| if refusal.is("M_FORBIDDEN") { Ok(()) } else { Err(refusal) })?;
        }
        if !new {
            power_level::set(hs, &room, &owner, OWNER_LEVEL).await?;
        }
    }
    Ok(Reply::json(StatusCode::OK, &json!({"room_id": room, "room_alias": alias}))?)
}

/// The body of CS "POST createRoom".
fn body(
    asked: CreateRoom,
    owner: Option<&EntityId>,
    own: Option<&OwnUser>,
    bot: Option<&str>,
    server_name: &str,
) -> Result<Value, Refusal> {
    let public = asked.visibility.as_deref() == Some("public");
    let preset = asked.preset.as_deref().unwrap_or(if public { "public_chat" } else { "private_chat" });
    // The third preset makes creators of those who are invited: nobody could ever take their power again.
    if !["public_chat", "private_chat"].contains(&preset) {
        return Err(Refusal::invalid("preset must be public_chat or private_chat"));
    }
    let owner = owner.map(|owner| owner.matrix_user_id(server_name));
    let levels = power_levels(asked.power_level_content_override.unwrap_or_default(), owner.as_deref(), bot);
    let mut body = json!({
        "visibility": if public { "public" } else { "private" },
        "preset": preset,
        "initial_state": asked.initial_state,
        "power_level_content_override": levels,
        "creation_content": asked.creation_content,
    });
    let optional = [
        ("name", asked.name.filter(|name| !name.is_empty()).map(Value::String)),
        ("topic", asked.topic.filter(|topic| !topic.is_empty()).map(Value::String)),
        ("room_alias_name", asked.room_alias_name.map(alias_name).transpose()?.map(Value::String)),
        // Saves a call; people elsewhere are invited afterwards, because their server may be away.
        ("invite", own.map(|own| json!([own.user_id]))),
    ];
    if let Some(fields) = body.as_object_mut() {
        fields.extend(optional.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))));
    }
    Ok(body)
}

fn alias_name(name: String) -> Result<String, Refusal> {
    let fits = (1..=200).contains(&name.len())
        && !name.chars().any(|c| c == ':' || c == '#' || c.is_whitespace() || c.is_control());
    if fits { Ok(name) } else { Err(Refusal::invalid("room_alias_name must be the alias without # and server")) }
}

/// The caller's override, with the owner, and with what it would take away without naming it.
fn power_levels(mut levels: Map<String, Value>, owner: Option<&str>, bot: Option<&str>) -> Map<String, Value> {
    let mut users = levels.remove("users").and_then(|users| users.as_object().cloned()).unwrap_or_default();
    // Room version 12 refuses a room that names its creator, whose power is above all anyway.
    if let Some(bot) = bot {
        users.remove(bot);
    }
    if let Some(owner) = owner.filter(|owner| Some(*owner) != bot) {
        users.insert(owner.to_owned(), json!(OWNER_LEVEL));
    }
    levels.insert("users".to_owned(), Value::Object(users));
    // private_chat lets every member invite; here the index decides, and the bot invites for whom it lets.
    levels.entry("invite").or_insert(json!(50));
    // An override of `events` replaces the whole map, so it starts from what the homeserver has there.
    if let Some(Value::Object(events)) = levels.get_mut("events") {
        for (event_type, level) in [
            ("m.room.name", 50),
            ("m.room.avatar", 50),
            ("m.room.canonical_alias", 50),
            ("m.room.power_levels", 100),
            ("m.room.history_visibility", 100),
            ("m.room.server_acl", 100),
            ("m.room.encryption", 100),
            ("m.room.tombstone", 150),
        ] {
            events.entry(event_type).or_insert(json!(level));
        }
    }
    levels
}

/// Whether somebody outside our namespaces is to have a power level: it could be the bot, under whatever name.
fn names_strangers(asked: &CreateRoom, server_name: &str) -> bool {
    let users = asked.power_level_content_override.as_ref().and_then(|levels| levels.get("users")?.as_object());
    let named = users.into_iter().flat_map(|users| users.keys()).chain(asked.creator_matrix_id.as_ref());
    named
        .into_iter()
        .any(|id| !entity("users", id, server_name).is_ok_and(|entity| OwnUser::of(entity, server_name).is_some()))
}

/// Synapse has an answer of its own, a 409, when the alias is taken while it makes the room.
fn alias_is_taken(refusal: &Refusal) -> bool {
    refusal.is("M_ROOM_IN_USE") || refusal.status == StatusCode::CONFLICT
}

fn in_use(refusal: Refusal) -> Refusal {
    if alias_is_taken(&refusal) {
        return Refusal { status: StatusCode::CONFLICT, errcode: "M_ROOM_IN_USE".to_owned(), ..refusal };
    }
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(value: Value) -> CreateRoom {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_owner_has_the_level_and_the_bot_is_not_named() {
        let levels = json!({"users": {"@daarion:a.example": 100, "@user-bob:a.example": 50}, "kick": 60});
        let levels = power_levels(
            levels.as_object().cloned().unwrap(),
            Some("@user-alice:a.example"),
            Some("@daarion:a.example"),
        );
        assert_eq!(
            Value::Object(levels),
            json!({"users": {"@user-bob:a.example": 50, "@user-alice:a.example": 100}, "kick": 60, "invite": 50})
        );
    }

    #[test]
    fn overridden_events_keep_the_others() {
        let levels = json!({"events": {"m.room.topic": 0, "m.room.name": 0}});
        let levels = power_levels(levels.as_object().cloned().unwrap(), None, None);
        let events = &levels["events"];
        assert_eq!((&events["m.room.topic"], &events["m.room.name"]), (&json!(0), &json!(0)));
        assert_eq!(events["m.room.power_levels"], 100);
    }

    #[test]
    fn a_room_is_closed_unless_it_is_public() {
        let closed =
            body(asked(json!({"name": "x", "visibility": "microdao"})), None, None, None, "a.example").unwrap();
        assert_eq!((&closed["visibility"], &closed["preset"]), (&json!("private"), &json!("private_chat")));
        assert!(closed.get("topic").is_none() && closed.get("invite").is_none());
        let open = body(asked(json!({"visibility": "public"})), None, None, None, "a.example").unwrap();
        assert_eq!((&open["visibility"], &open["preset"]), (&json!("public"), &json!("public_chat")));
        assert!(body(asked(json!({"preset": "trusted_private_chat"})), None, None, None, "a.example").is_err());
    }

    #[test]
    fn an_alias_is_a_local_part() {
        for bad in ["", "a:b", "#a", "a b", &"x".repeat(201)] {
            assert!(alias_name(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(alias_name("test-daarion".to_owned()).is_ok());
    }

    #[test]
    fn only_names_outside_our_namespaces_could_be_the_bot() {
        assert!(!names_strangers(&asked(json!({"creator_matrix_id": "@user-alice:a.example"})), "a.example"));
        assert!(names_strangers(&asked(json!({"creator_matrix_id": "@daarion:a.example"})), "a.example"));
        let levels = json!({"power_level_content_override": {"users": {"@daarion:a.example": 100}}});
        assert!(names_strangers(&asked(levels), "a.example"));
    }
}
