//! DELETE: archives the channel. Nothing is lost: it stays readable, takes no more writes and leaves the lists.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::ChannelPath;
use messaging_edge::acts::{self, Asked};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::channels::{prepare_archive, record_archive};
use messaging_edge::index::requests::Intent;
use messaging_edge::{IdempotencyKey, Path, Problem, RequestId, Response, log};

pub async fn archive(
    caller: Caller,
    Path(at): Path<ChannelPath>,
    key: IdempotencyKey,
    RequestId(request_id): RequestId,
) -> Result<Response, Problem> {
    let asked = Asked { act: "DELETE channel", channel_id: at.channel_id, resource: "", body: "" };
    acts::once(&caller, key, asked, carry_out(&caller, at, &request_id)).await
}

async fn carry_out(caller: &Caller, at: ChannelPath, request_id: &str) -> Result<Response, Problem> {
    let prepared = prepare_archive(caller, at.channel_id).await?;
    if !prepared.is_archived {
        // People in Matrix shall not go on talking where nobody listens any more.
        let gateway = Gateway::from_settings().await?;
        let intent = Intent { channel_id: at.channel_id, act: "archive", target_id: "channel" };
        match acts::intended(caller, intent, gateway.set_read_only(&prepared.room_id, caller.id(), true)).await {
            // What they say then is not indexed.
            Err(problem) if problem.is_gateway_lacks() => {
                log::info(request_id, &format!("the archived channel's room stays open: {problem}"));
            }
            closed => closed?,
        }
        record_archive(caller, at.channel_id).await?;
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}
