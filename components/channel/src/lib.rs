//! `/api/messaging/channels/:channel_id`: one channel.

mod archive;
mod change;
mod get;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn channel(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router
            .get(paths::CHANNEL, get::get)
            .patch(paths::CHANNEL, change::change)
            .delete(paths::CHANNEL, archive::archive)
    })
    .await
}
