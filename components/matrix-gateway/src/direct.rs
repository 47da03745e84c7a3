//! PUT `/internal/matrix/rooms/{room_id}/direct`: the room is a conversation of two, for the clients of those of the two that
//! are the gateway's own users (client-server API, "Direct Messaging"). Everybody else's client knows it by the invitation.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, Nothing, v3};
use crate::ids::{OwnUser, entity};
use crate::params::RoomPath;
use http::{Method, StatusCode};
use messaging_core::gateway::DirectRoom;
use messaging_edge::{Json, Path, Response};
use serde_json::{Map, Value, json};

/// How often it is read again whether the room is in: two writers at once leave only what the later one wrote.
const MAX_TRIES: usize = 3;
/// A user's account data that is longer, in bytes, is left as it is.
const MAX_BYTES: usize = 60_000;

/// Puts the room into the `m.direct` of both.
pub async fn mark_direct(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    Json(request): Json<DirectRoom>,
) -> Result<Response, GatewayError> {
    let [one, other] = request.user_ids.as_slice() else {
        return Err(GatewayError::invalid("user_ids must be two"));
    };
    for (user, partner) in [(one, other), (other, one)] {
        let (user, partner) =
            (entity("user_ids", user, hs.server_name())?, entity("user_ids", partner, hs.server_name())?);
        if let Some(user) = OwnUser::of(user, hs.server_name()) {
            mark(&hs, &user, &partner.matrix_user_id(hs.server_name()), &path.room_id).await?;
        }
    }
    Ok(Response::json(StatusCode::OK, &json!({}))?)
}

async fn mark(hs: &Homeserver, user: &OwnUser, partner: &str, room: &str) -> Result<(), GatewayError> {
    let target = v3(&["user", &user.user_id, "account_data", "m.direct"]);
    for _ in 0..MAX_TRIES {
        let direct = match hs.get::<Map<String, Value>>(Acting::Person(user), &target).await {
            Ok(direct) => direct,
            Err(error) if error.is("M_NOT_FOUND") => Map::new(),
            Err(error) => return Err(error),
        };
        let Some(direct) = with_room(direct, partner, room) else { return Ok(()) };
        hs.call::<Nothing>(Acting::Person(user), Method::PUT, &target, Some(&direct)).await?;
    }
    Ok(())
}

/// The account data with the room; `None` when it has it, or has no place for it.
fn with_room(mut direct: Map<String, Value>, partner: &str, room: &str) -> Option<Value> {
    let rooms = direct.entry(partner).or_insert_with(|| json!([]));
    match rooms {
        Value::Array(rooms) if rooms.iter().any(|known| known == room) => return None,
        Value::Array(rooms) => rooms.push(json!(room)),
        // What a client has left there is no list.
        other => *other = json!([room]),
    }
    let direct = Value::Object(direct);
    (direct.to_string().len() <= MAX_BYTES).then_some(direct)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(direct: Value) -> Option<Value> {
        with_room(direct.as_object().cloned().unwrap(), "@bob:x", "!r")
    }

    #[test]
    fn a_room_is_added_once_and_the_others_stay() {
        assert_eq!(marked(json!({})), Some(json!({"@bob:x": ["!r"]})));
        let others = json!({"@bob:x": ["!old"], "@kim:x": ["!k"]});
        let with = json!({"@bob:x": ["!old", "!r"], "@kim:x": ["!k"]});
        assert_eq!(marked(others), Some(with.clone()));
        assert_eq!(marked(with), None);
        assert_eq!(marked(json!({"@bob:x": "!r"})), Some(json!({"@bob:x": ["!r"]})));
    }

    #[test]
    fn what_has_grown_too_long_is_left_alone() {
        assert_eq!(marked(json!({"@bob:x": vec!["!room:x"; 10_000]})), None);
    }
}
