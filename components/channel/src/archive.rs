//! DELETE: archives the channel. Nothing is lost: it stays readable, takes no more writes and leaves the lists.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::ChannelPath;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::channels::{prepare_archive, record_archive};
use messaging_edge::{Path, Problem, RequestId, Response, log};

pub async fn archive(
    caller: Caller,
    Path(at): Path<ChannelPath>,
    RequestId(request_id): RequestId,
) -> Result<Response, Problem> {
    let prepared = prepare_archive(&caller, at.channel_id).await?;
    if !prepared.is_archived {
        // People in Matrix shall not go on talking where nobody listens any more.
        let closed = Gateway::from_settings().await?.close_room(&prepared.room_id, caller.id()).await;
        match closed {
            // What they say then is not indexed.
            Err(problem) if problem.is_gateway_lacks() => {
                log::info(&request_id, &format!("the archived channel's room stays open: {problem}"));
            }
            closed => closed?,
        }
        record_archive(&caller, at.channel_id).await?;
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
