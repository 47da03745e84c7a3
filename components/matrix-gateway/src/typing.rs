//! PUT `/internal/matrix/rooms/{room_id}/typing`: one of the gateway's own users types, or has stopped (client-server API,
//! "Typing notifications"). An optional part of the contract.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, Nothing, v3};
use crate::ids::own_actor;
use crate::params::RoomPath;
use http::{Method, StatusCode};
use messaging_core::gateway::TypingChange;
use messaging_edge::{Json, Path, Response};
use serde_json::{Value, json};

/// For how long, in milliseconds, when the call does not say.
const TIMEOUT: u32 = 20_000;

/// Tells the homeserver. Only who is in the room types there: nobody joins by it.
pub async fn set_typing(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    Json(typing): Json<TypingChange>,
) -> Result<Response, GatewayError> {
    let user = own_actor(("user_id", Some(&typing.user_id)), ("user", None), hs.server_name())?;
    let target = v3(&["rooms", &path.room_id, "typing", &user.user_id]);
    hs.call::<Nothing>(Acting::Person(&user), Method::PUT, &target, Some(&body(&typing))).await?;
    Ok(Response::json(StatusCode::OK, &json!({}))?)
}

fn body(typing: &TypingChange) -> Value {
    match typing.typing {
        true => json!({"typing": true, "timeout": typing.timeout.unwrap_or(TIMEOUT)}),
        false => json!({"typing": false}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_typing_takes_time() {
        let typing = |typing, timeout| TypingChange { user_id: String::new(), typing, timeout };
        assert_eq!(body(&typing(true, None)), json!({"typing": true, "timeout": 20_000}));
        assert_eq!(body(&typing(true, Some(5))), json!({"typing": true, "timeout": 5}));
        assert_eq!(body(&typing(false, Some(5))), json!({"typing": false}));
    }
}
