//! `…/channels/:channel_id/typing`: the caller types, or has stopped; and the same under `/internal`, where a relay has the
//! homeserver told of what it took from a socket.

mod set;
mod tell;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn typing(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.put(paths::TYPING, set::set).put(paths::TYPING_IN_ROOM, tell::tell)
    })
    .await
}
