//! `…/channels/:channel_id/read`, `…/unread`, `…/muted` and `…/receipts`, `/api/messaging/unread`, and where Matrix is told.

mod list;
mod mark;
mod send;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn receipts(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router
            .put(paths::READ, mark::read)
            .put(paths::MARKED_UNREAD, mark::unread)
            .put(paths::MUTED, mark::mute)
            .get(paths::RECEIPTS, list::receipts)
            .get(paths::UNREAD, list::unread)
            .post(paths::SEND_RECEIPTS, send::send)
    })
    .await
}
