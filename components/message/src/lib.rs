//! `/api/messaging/channels/:channel_id/messages/:message_id`: one message.

mod delete;
mod edit;
mod get;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn message(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.get(paths::MESSAGE, get::get).patch(paths::MESSAGE, edit::edit).delete(paths::MESSAGE, delete::delete)
    })
    .await
}
