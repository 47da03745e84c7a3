//! `/api/messaging/profiles/:member_id`: what somebody is called, and their picture; `me` is the caller. And
//! `/internal/agents/:agent_id/profile`, for the service that acts for an agent.

mod change;
mod get;

use messaging_core::paths;
use messaging_edge::{Problem, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn profiles(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router
            .get(paths::PROFILE, get::get)
            .put(paths::PROFILE, change::change)
            .put(paths::AGENT_PROFILE, change::change_agents)
    })
    .await
}
