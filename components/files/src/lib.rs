//! `…/channels/:channel_id/files`: uploads.

mod known;
mod limit;
mod source;
mod upload;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn files(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| router.post(paths::FILES, upload::upload)).await
}
