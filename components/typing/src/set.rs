//! PUT: the channel's sockets are told by the statement that decides, the homeserver after it.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::ChannelPath;
use messaging_core::typing::SetTyping;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::typing::set_typing;
use messaging_edge::{Json, Path, Problem, Response};

pub async fn set(
    caller: Caller,
    Path(at): Path<ChannelPath>,
    Json(SetTyping { typing }): Json<SetTyping>,
) -> Result<Response, Problem> {
    let set = set_typing(&caller, at.channel_id, typing).await?;
    if set.must_tell {
        Gateway::from_settings().await?.tell_typing(&set.room_id, caller.id(), typing).await;
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
