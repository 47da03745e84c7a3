//! GET `/internal/matrix/rooms/{room_id}/state?type=…&state_key=…`: one state event as the room has it now, read as the
//! bot, which is in every room. An optional part of the contract.

use crate::error::{GatewayError, invalid_parameter};
use crate::homeserver::{Acting, Homeserver, v3};
use crate::params::RoomPath;
use http::StatusCode;
use messaging_core::gateway::CurrentState;
use messaging_core::matrix::is_id;
use messaging_edge::{FromRequest, Path, Problem, Request, Response};
use serde_json::value::RawValue;

/// Which state: `type` and `state_key` of the query; the key is empty when it is left out.
pub struct StateQuery {
    event_type: String,
    state_key: String,
}

impl FromRequest for StateQuery {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        state_query(request.query("type"), request.query("state_key"))
    }
}

fn state_query(event_type: Option<&str>, state_key: Option<&str>) -> Result<StateQuery, Problem> {
    let event_type = event_type.filter(|text| is_id(text)).ok_or_else(|| invalid_parameter("type is missing"))?;
    let state_key = state_key.unwrap_or_default();
    if !state_key.is_empty() && !is_id(state_key) {
        return Err(invalid_parameter("state_key is no key of a state"));
    }
    Ok(StateQuery { event_type: event_type.to_owned(), state_key: state_key.to_owned() })
}

/// Reads the event. A room without such a state is no error.
pub async fn state(hs: Homeserver, Path(path): Path<RoomPath>, state: StateQuery) -> Result<Response, GatewayError> {
    let target = v3(&["rooms", &path.room_id, "state", &state.event_type, &state.state_key]) + "?format=event";
    let event = match hs.get::<Box<RawValue>>(Acting::Bot, &target).await {
        Ok(event) => Some(event),
        Err(error) if error.is("M_NOT_FOUND") => None,
        Err(error) => return Err(error),
    };
    Ok(Response::json(StatusCode::OK, &CurrentState { event })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_a_type_and_a_key_that_may_be_empty() {
        let read = |event_type, key| state_query(event_type, key).map(|state| (state.event_type, state.state_key));
        assert_eq!(read(Some("m.room.name"), None).unwrap(), ("m.room.name".to_owned(), String::new()));
        assert_eq!(read(Some("m.room.member"), Some("@a:x")).unwrap().1, "@a:x");
        assert!(read(None, None).is_err() && read(Some(""), None).is_err());
        assert!(read(Some("x"), Some("\0")).is_err() && read(Some("x"), Some(&"x".repeat(300))).is_err());
    }
}
