//! `…/messages/:message_id/previews/:preview_id`: removes what a link shows; and where relays store the pictures of pages.

mod remove;
mod store;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn previews(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.delete(paths::PREVIEW, remove::remove).post(paths::PREVIEW_IMAGES, store::store)
    })
    .await
}
