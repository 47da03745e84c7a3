//! `/api/messaging/channels/:channel_id/members`: list and invite.

mod invite;
mod list;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn members(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.get(paths::MEMBERS, list::list).post(paths::MEMBERS, invite::invite)
    })
    .await
}
