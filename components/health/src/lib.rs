//! `/health`: alive. `/health/ready`: whether PostgreSQL, the gateway and the homeserver respond.

mod ready;

use http::StatusCode;
use messaging_core::health::{Health, Healthy};
use messaging_core::paths;
use messaging_edge::{Problem, Response, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn health(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.get(paths::HEALTH, alive).get(paths::READY, ready::ready)
    })
    .await
}

async fn alive() -> Result<Response, Problem> {
    let health = Health {
        status: Healthy::Healthy,
        service: "daarion-messaging".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Response::json(StatusCode::OK, &health)
}
