//! `/api/messaging/channels/:channel_id/members/:member_id`: one member; `me` is the caller.

mod change;
mod join;
mod remove;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn member(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(request, |router| {
        router.put(paths::MEMBER, join::join).patch(paths::MEMBER, change::change).delete(paths::MEMBER, remove::remove)
    })
    .await
}
