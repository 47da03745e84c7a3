//! `/api/messaging/channels/:channel_id/messages/:message_id/replies`: the replies to a message.

use messaging_core::page::MessagePage;
use messaging_core::paths::{self, MessagePath};
use messaging_edge::{Path, Problem, Query, Reader, Response, acts, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn replies(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| router.get(paths::REPLIES, list)).await
}

/// GET: a page of replies, newest first.
async fn list(
    Reader(caller): Reader,
    Path(at): Path<MessagePath>,
    Query(page): Query<MessagePage>,
) -> Result<Response, Problem> {
    let path = paths::fill(paths::REPLIES, &[&at.channel_id, &at.message_id]);
    acts::list_messages(&caller, at.channel_id, &page, Some(at.message_id), &path, None).await
}
