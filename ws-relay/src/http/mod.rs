//! The relay's HTTP routes.

mod auth;
pub mod certificate;
mod handshake;
pub mod health;
pub mod key_set;
pub mod meter;
pub mod origins;
pub mod places;
mod problem;
pub mod server;
mod upgrade;

use crate::app::App;
use axum::Router;
use axum::extract::State;
use axum::handler::Handler;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get};
use messaging_core::problem::Problem;
use problem::ProblemResponse;
use std::sync::Arc;

/// The routes for everybody; `/metrics` among them unless it has an address of its own.
pub fn router(app: Arc<App>, with_metrics: bool) -> Router {
    let router = Router::new()
        .route("/ws/messaging", socket(upgrade::many))
        .route("/ws/messaging/", socket(upgrade::one))
        .route("/ws/messaging/{channel_id}", socket(upgrade::one))
        .route("/health", get(health::alive))
        .route("/health/ready", get(health::ready));
    finish(if with_metrics { router.route("/metrics", get(metrics)) } else { router }, app)
}

/// WebSockets begin with GET over HTTP/1.1 (RFC 6455) and with CONNECT over HTTP/2 (RFC 8441).
fn socket<H: Handler<T, Arc<App>>, T: 'static>(handler: H) -> MethodRouter<Arc<App>> {
    get(handler.clone()).connect(handler)
}

/// The routes at the address of `/metrics`.
pub fn metrics_router(app: Arc<App>) -> Router {
    finish(Router::new().route("/metrics", get(metrics)), app)
}

fn finish(router: Router<Arc<App>>, app: Arc<App>) -> Router {
    router
        .fallback(async |headers: http::HeaderMap| ProblemResponse::new(&headers, Problem::not_found("route")))
        .method_not_allowed_fallback(async |headers: http::HeaderMap| {
            ProblemResponse::new(&headers, Problem::method_not_allowed("GET, HEAD"))
        })
        .with_state(app)
}

async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    app.database.measure(&app.metrics);
    ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], app.metrics.encode())
}
