//! PUT under `/internal`: tells the homeserver whether a member types, as the index has it.

use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::paths::ChannelPath;
use messaging_core::typing::Typist;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::typing::find_typist;
use messaging_edge::{Json, Path, Problem, Response};

pub async fn tell(
    _: Internal,
    Path(at): Path<ChannelPath>,
    Json(Typist { member_id }): Json<Typist>,
) -> Result<Response, Problem> {
    let found = find_typist(at.channel_id, &member_id).await?;
    Gateway::from_settings().await?.tell_typing(&found.room_id, &member_id, found.is_typing).await;
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
