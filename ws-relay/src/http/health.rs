//! `GET /health`: whether the relay is alive. `GET /health/ready`: whether it can do its work.

use crate::app::App;
use async_nats::connection::State as Nats;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The longest wait for the database.
const DEADLINE: Duration = Duration::from_secs(2);

/// The state of the relay and of what it needs.
#[derive(Serialize)]
pub struct Health {
    /// `ok`, or `degraded` when NATS or the database is missing.
    status: &'static str,
    /// `connected` or `disconnected`.
    nats: &'static str,
    /// `reachable` or `unreachable`.
    database: &'static str,
}

/// 200 as long as the relay runs: outages of others are no reason to restart it.
pub async fn alive(State(app): State<Arc<App>>) -> Json<Health> {
    Json(look(&app).await)
}

/// 503 while NATS or the database is missing, and while the relay stops.
pub async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let health = look(&app).await;
    let stopping = app.shutdown.is_cancelled();
    let status = if health.status == "ok" && !stopping { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

async fn look(app: &App) -> Health {
    let nats = app.hub.nats.connection_state() == Nats::Connected;
    let database = matches!(timeout(DEADLINE, app.database.query("SELECT 1", &[])).await, Ok(Ok(_)));
    Health {
        status: if nats && database { "ok" } else { "degraded" },
        nats: if nats { "connected" } else { "disconnected" },
        database: if database { "reachable" } else { "unreachable" },
    }
}
