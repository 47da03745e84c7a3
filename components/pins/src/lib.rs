//! `…/channels/:channel_id/pins` and `…/pins/:message_id`: list, pin, unpin.

mod change;
mod list;
mod room;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn pins(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.get(paths::PINS, list::list).put(paths::PIN, change::pin).delete(paths::PIN, change::unpin)
    })
    .await
}
