//! How long data lives: removes what has had its time, and puts channels on hold. For ws-relay and services of the platform.

mod hold;
mod remove;

use messaging_core::ids::EntityId;
use messaging_core::paths;
use messaging_edge::{Problem, serve, settings};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn data_life(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(request, |router| {
        router
            .post(paths::REMOVE_EXPIRED, remove::remove)
            .put(paths::HOLD, hold::hold)
            .delete(paths::HOLD, hold::release)
    })
    .await
}

/// The bot, whose act it is.
async fn bot() -> Result<EntityId, Problem> {
    let localpart = settings::required("matrix_bot_localpart").await?;
    let bot = format!("@{localpart}:{}", settings::required("matrix_server_name").await?);
    EntityId::parse(&bot).map_err(|_| Problem::internal("matrix_bot_localpart makes no Matrix id"))
}
