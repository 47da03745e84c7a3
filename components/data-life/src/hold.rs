//! PUT and DELETE `…/hold`: nothing of the channel is deleted by retention or erasure.

use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::life::SetHold;
use messaging_core::paths::ChannelPath;
use messaging_edge::index::life::set_hold;
use messaging_edge::{Json, Path, Problem, Response};

pub async fn hold(
    internal: Internal,
    Path(at): Path<ChannelPath>,
    Json(hold): Json<SetHold>,
) -> Result<Response, Problem> {
    hold.check()?;
    let held = set_hold(at.channel_id, Some(&hold.reason), internal.service().id()).await?;
    Ok(Response::document(StatusCode::OK, held))
}

pub async fn release(internal: Internal, Path(at): Path<ChannelPath>) -> Result<Response, Problem> {
    Ok(Response::document(StatusCode::OK, set_hold(at.channel_id, None, internal.service().id()).await?))
}
