//! `/api/messaging/channels`: list and create.

mod create;
mod list;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn channels(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.get(paths::CHANNELS, list::list).post(paths::CHANNELS, create::create)
    })
    .await
}
