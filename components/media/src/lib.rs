//! `/api/messaging/media/…`: content of the homeserver's repository, for whoever may read it.

mod answer;
mod download;
mod sign;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn media(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router
            .get(paths::MEDIA, download::download)
            .get(paths::MEDIA_THUMBNAIL, download::thumbnail)
            .get(paths::MEDIA_URL, sign::sign_one)
            .post(paths::MEDIA_URLS, sign::sign)
    })
    .await
}
