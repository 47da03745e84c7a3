//! POST `/internal/matrix/create-room`: makes the room of a channel, or finishes the one that an earlier try for the
//! same channel left behind.

use crate::act;
use crate::alias::{self, RoomId, Taken, who_am_i};
use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, v3};
use crate::ids::{OwnUser, alias_name, entity, line_or_nothing, topic_or_nothing};
use crate::power_level;
use http::{Method, StatusCode};
use messaging_core::gateway::{CreateRoom, CreatedRoom};
use messaging_core::ids::EntityId;
use messaging_core::matrix::CHANNEL_FIELD;
use messaging_edge::{Json, Response};
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, Ordering};

/// The version of every room, whatever the homeserver's default is. The power levels below rely on version 12: its
/// creator, the bot, stands above all levels and must not be named in them. Its room ids have no server part.
const ROOM_VERSION: &str = "12";
/// The power level of a channel's owner.
const OWNER_LEVEL: i64 = 100;
/// How often a taken alias is freed before it is left to the request that keeps taking it.
const MAX_TRIES: usize = 2;

static BOT_IS_NAMED: AtomicBool = AtomicBool::new(false);

/// Makes a room, or finishes one. Where its alias is another room's, it is made without.
pub async fn create_room(hs: Homeserver, Json(request): Json<CreateRoom>) -> Result<Response, GatewayError> {
    let server_name = hs.server_name();
    let owner =
        request.creator_matrix_id.as_deref().map(|id| entity("creator_matrix_id", id, server_name)).transpose()?;
    let own_user = owner.clone().and_then(|owner| OwnUser::of(owner, server_name));
    let channel = request.creation_content.get(CHANNEL_FIELD).and_then(Value::as_str).map(str::to_owned);
    let alias_name = request.room_alias_name.clone().map(alias_name).transpose()?;
    let bot = if names_others(&request, server_name) { Some(who_am_i(&hs).await?) } else { None };
    // Once in an instance, before the room, so that the bot comes in under its name; without one it is made all the same.
    if !BOT_IS_NAMED.load(Ordering::Relaxed) {
        BOT_IS_NAMED.store(act::name_bot(&hs).await.is_ok(), Ordering::Relaxed);
    }
    let body = body(request, owner.as_ref(), own_user.as_ref(), bot.as_deref(), server_name)?;

    let made = make(&hs, body, alias_name, channel.as_deref()).await?;
    let room_id = made.room_id;
    if let Some(own_user) = &own_user {
        act::join(&hs, own_user, &room_id).await?;
    }
    if let Some(owner) =
        owner.map(|owner| owner.matrix_user_id(server_name)).filter(|owner| bot.as_ref() != Some(owner))
    {
        if own_user.is_none() {
            let invited = act::invite(&hs, Acting::Bot, &room_id, &owner, None).await;
            // The owner is a member already when an earlier try got this far.
            invited.or_else(|error| if error.is("M_FORBIDDEN") { Ok(()) } else { Err(error) })?;
        }
        if !made.is_new {
            power_level::give(&hs, &room_id, &owner, OWNER_LEVEL).await?;
        }
    }
    Ok(Response::json(StatusCode::OK, &CreatedRoom { room_id, room_alias: made.alias })?)
}

/// A room that is there.
struct Made {
    room_id: String,
    /// Whether an earlier try has not made it already.
    is_new: bool,
    /// With `#` and server.
    alias: Option<String>,
}

/// Makes the room under its alias, or under its handle when it has none or another room has it.
async fn make(
    hs: &Homeserver,
    mut body: Value,
    alias_name: Option<String>,
    channel: Option<&str>,
) -> Result<Made, GatewayError> {
    let in_full = |name: &str| format!("#{name}:{}", hs.server_name());
    if let Some(name) = alias_name {
        set_alias_name(&mut body, &name);
        let alias = in_full(&name);
        match (create(hs, &body, Some(&alias), channel).await, channel) {
            (Ok((room_id, is_new)), _) => return Ok(Made { room_id, is_new, alias: Some(alias) }),
            // Without a channel nothing would find the room again.
            (Err(error), Some(_)) if error.is("M_ROOM_IN_USE") => {}
            (Err(error), _) => return Err(error),
        }
    }
    let handle = match channel {
        Some(channel) => alias::handle(channel).await?,
        None => None,
    };
    if let Some(handle) = &handle {
        set_alias_name(&mut body, handle);
        hide_alias(&mut body);
    }
    let (room_id, is_new) = create(hs, &body, handle.as_deref().map(in_full).as_deref(), channel).await?;
    Ok(Made { room_id, is_new, alias: None })
}

/// Makes the room, or finds the one that has its alias and was made for the same channel; and whether it is new. Fails
/// with M_ROOM_IN_USE when the alias is another room's.
async fn create(
    hs: &Homeserver,
    body: &Value,
    alias: Option<&str>,
    channel: Option<&str>,
) -> Result<(String, bool), GatewayError> {
    let target = v3(&["createRoom"]);
    let mut tries = 0;
    loop {
        match (hs.call::<RoomId>(Acting::Bot, Method::POST, &target, Some(body)).await, alias) {
            (Ok(created), _) => return Ok((created.room_id, true)),
            (Err(error), Some(alias)) if alias_is_taken(&error) && channel.is_some() && tries < MAX_TRIES => {
                match alias::take(hs, alias, channel).await? {
                    Taken::ByWanted(room_id) => return Ok((room_id, false)),
                    Taken::Free => tries += 1,
                    Taken::ByAnother => return Err(in_use(error)),
                }
            }
            (Err(error), _) => return Err(in_use(error)),
        }
    }
}

fn set_alias_name(body: &mut Value, name: &str) {
    if let Some(fields) = body.as_object_mut() {
        fields.insert("room_alias_name".to_owned(), json!(name));
    }
}

/// Keeps the homeserver from showing the alias in the room, as it does unless the room says otherwise from the start.
fn hide_alias(body: &mut Value) {
    const CANONICAL_ALIAS: &str = "m.room.canonical_alias";
    if let Some(state) = body.get_mut("initial_state").and_then(Value::as_array_mut)
        && !state.iter().any(|event| event.get("type").is_some_and(|kind| kind == CANONICAL_ALIAS))
    {
        state.push(json!({"type": CANONICAL_ALIAS, "state_key": "", "content": {}}));
    }
}

/// The body of the homeserver's call (client-server API, "POST /createRoom").
fn body(
    request: CreateRoom,
    owner: Option<&EntityId>,
    own_user: Option<&OwnUser>,
    bot: Option<&str>,
    server_name: &str,
) -> Result<Value, GatewayError> {
    let public = request.visibility.as_deref() == Some("public");
    let preset = request.preset.as_deref().unwrap_or(if public { "public_chat" } else { "private_chat" });
    // The third preset makes everybody who is invited a creator, whose power nobody could ever take back.
    if !["public_chat", "private_chat"].contains(&preset) {
        return Err(GatewayError::invalid("preset must be public_chat or private_chat"));
    }
    line_or_nothing("name", request.name.as_deref().unwrap_or_default())?;
    topic_or_nothing(request.topic.as_deref().unwrap_or_default())?;
    let owner = owner.map(|owner| owner.matrix_user_id(server_name));
    let levels = power_levels(request.power_level_content_override.unwrap_or_default(), owner.as_deref(), bot);
    let mut body = json!({
        "room_version": ROOM_VERSION,
        "visibility": if public { "public" } else { "private" },
        "preset": preset,
        "initial_state": request.initial_state,
        "power_level_content_override": levels,
        "creation_content": request.creation_content,
    });
    let optional = [
        ("name", request.name.filter(|name| !name.is_empty()).map(Value::String)),
        ("topic", request.topic.filter(|topic| !topic.is_empty()).map(Value::String)),
        // Saves a call. An owner on another server is invited afterwards, because that server may be down.
        ("invite", own_user.map(|own_user| json!([own_user.user_id]))),
    ];
    if let Some(fields) = body.as_object_mut() {
        fields.extend(optional.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))));
    }
    Ok(body)
}

/// The caller's override with the owner's level, and with the levels that the override would take away.
fn power_levels(mut levels: Map<String, Value>, owner: Option<&str>, bot: Option<&str>) -> Map<String, Value> {
    let mut users = levels.remove("users").and_then(|users| users.as_object().cloned()).unwrap_or_default();
    // Room version 12 refuses levels that name the room's creator.
    if let Some(bot) = bot {
        users.remove(bot);
    }
    if let Some(owner) = owner.filter(|owner| Some(*owner) != bot) {
        users.insert(owner.to_owned(), json!(OWNER_LEVEL));
    }
    levels.insert("users".to_owned(), Value::Object(users));
    // With private_chat every member may invite. Here the index decides who may, and the bot invites for them.
    levels.entry("invite").or_insert(json!(50));
    // An override of `events` replaces the homeserver's whole map, so the levels that it does not name are added.
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

/// Whether the power levels name somebody other than the gateway's own users. That could be the bot, whose name only
/// the homeserver knows.
fn names_others(request: &CreateRoom, server_name: &str) -> bool {
    let users = request.power_level_content_override.as_ref().and_then(|levels| levels.get("users")?.as_object());
    let named = users.into_iter().flat_map(|users| users.keys()).chain(request.creator_matrix_id.as_ref());
    named
        .into_iter()
        .any(|id| !entity("users", id, server_name).is_ok_and(|entity| OwnUser::of(entity, server_name).is_some()))
}

/// Synapse has another error, a 409, when the alias is taken while it makes the room.
fn alias_is_taken(error: &GatewayError) -> bool {
    error.is("M_ROOM_IN_USE") || error.status == StatusCode::CONFLICT
}

fn in_use(error: GatewayError) -> GatewayError {
    if alias_is_taken(&error) {
        return GatewayError { status: StatusCode::CONFLICT, errcode: "M_ROOM_IN_USE".to_owned(), ..error };
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(value: Value) -> CreateRoom {
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
            body(request(json!({"name": "x", "visibility": "microdao"})), None, None, None, "a.example").unwrap();
        assert_eq!((&closed["visibility"], &closed["preset"]), (&json!("private"), &json!("private_chat")));
        assert!(closed.get("topic").is_none() && closed.get("invite").is_none());
        let open = body(request(json!({"visibility": "public"})), None, None, None, "a.example").unwrap();
        assert_eq!((&open["visibility"], &open["preset"]), (&json!("public"), &json!("public_chat")));
        assert!(body(request(json!({"name": "a\nb"})), None, None, None, "a.example").is_err());
        assert!(body(request(json!({"preset": "trusted_private_chat"})), None, None, None, "a.example").is_err());
    }

    #[test]
    fn the_homeservers_default_version_does_not_matter() {
        let body = body(request(json!({"name": "x"})), None, None, None, "a.example").unwrap();
        assert_eq!(body["room_version"], "12");
    }

    #[test]
    fn a_hidden_alias_is_not_named_in_the_room() {
        let mut made = body(request(json!({"name": "x"})), None, None, None, "a.example").unwrap();
        for _ in 0..2 {
            hide_alias(&mut made);
            let hidden = json!([{"type": "m.room.canonical_alias", "state_key": "", "content": {}}]);
            assert_eq!(made["initial_state"], hidden);
        }
    }

    #[test]
    fn only_a_user_outside_the_namespaces_could_be_the_bot() {
        assert!(!names_others(&request(json!({"creator_matrix_id": "@user-alice:a.example"})), "a.example"));
        assert!(names_others(&request(json!({"creator_matrix_id": "@daarion:a.example"})), "a.example"));
        let levels = json!({"power_level_content_override": {"users": {"@daarion:a.example": 100}}});
        assert!(names_others(&request(levels), "a.example"));
    }
}
