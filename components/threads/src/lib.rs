//! `/api/messaging/channels/:channel_id/threads` and `…/threads/:message_id/following`: a channel's threads, and who
//! follows them.

mod following;
mod list;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn threads(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router
            .get(paths::THREADS, list::list)
            .put(paths::FOLLOWING, following::follow)
            .delete(paths::FOLLOWING, following::unfollow)
    })
    .await
}
