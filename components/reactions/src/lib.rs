//! `…/messages/:message_id/reactions` and `…/reactions/:emoji`: list, add, take back.

mod add;
mod list;
mod remove;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn reactions(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.get(paths::REACTIONS, list::list).put(paths::REACTION, add::add).delete(paths::REACTION, remove::remove)
    })
    .await
}
