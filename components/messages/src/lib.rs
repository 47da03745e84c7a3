//! `/api/messaging/channels/:channel_id/messages`: page through messages, send one.

mod list;
mod send;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn messages(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.get(paths::MESSAGES, list::list).post(paths::MESSAGES, send::send)
    })
    .await
}
