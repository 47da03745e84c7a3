//! The relay's HTTP routes.

mod auth;
mod health;
mod problem;
pub mod server;
mod upgrade;

use crate::app::App;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use messaging_core::problem::Problem;
use problem::ProblemResponse;
use std::sync::Arc;

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/ws/messaging", get(upgrade::many))
        .route("/ws/messaging/{channel_id}", get(upgrade::one))
        .route("/health", get(health::alive))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(metrics))
        .fallback(async |headers: http::HeaderMap| ProblemResponse::new(&headers, Problem::not_found("route")))
        .method_not_allowed_fallback(async |headers: http::HeaderMap| {
            ProblemResponse::new(&headers, Problem::method_not_allowed("GET, HEAD"))
        })
        .with_state(app)
}

async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], app.metrics.encode())
}
