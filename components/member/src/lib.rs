//! `/api/messaging/channels/:channel_id/members/:member_id`: one member; `me` is the caller.

mod change;
mod join;
mod remove;

use messaging_core::ids::EntityId;
use messaging_core::member::is_service;
use messaging_core::paths;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, serve, settings};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn member(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.put(paths::MEMBER, join::join).patch(paths::MEMBER, change::change).delete(paths::MEMBER, remove::remove)
    })
    .await
}

/// Refuses the service itself as an invitation does: it manages every room, and without it a channel is followed no more.
/// Without the setting there is no name to compare with.
async fn check_not_service(member_id: &EntityId, gateway: &Gateway) -> Result<(), Problem> {
    let bot = settings::optional("matrix_bot_localpart").await?;
    match bot.is_some_and(|bot| is_service(member_id, gateway.server_name(), &bot)) {
        true => Err(Problem::invalid_parameter("member_id", "must not be the service itself")),
        false => Ok(()),
    }
}
