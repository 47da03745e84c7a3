//! `GET /health`: whether the relay is alive. `GET /health/ready`: whether it can do its work.

use crate::app::App;
use crate::database::Database;
use async_nats::connection::State as Nats;
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// The longest wait for the database.
const DEADLINE: Duration = Duration::from_secs(2);
/// How long an answer of the database counts: anybody may ask, as often as they like.
const FRESH: Duration = Duration::from_secs(1);

/// The state of the relay and of what it needs.
#[derive(Serialize)]
pub struct Health {
    /// `ok`, or `degraded` when NATS or the database is missing or older than this relay.
    status: &'static str,
    /// `connected` or `disconnected`.
    nats: &'static str,
    /// `reachable`, `unreachable`, or `not_migrated` when it is older than this relay.
    database: &'static str,
    /// `token`, or `development` where anyone may call themselves anyone.
    auth_mode: &'static str,
}

/// Whether the database was there a moment ago. Those who ask at the same time share one look.
#[derive(Default)]
pub struct Reachable(Mutex<Option<(Instant, bool)>>);

impl Reachable {
    async fn look(&self, database: &Database) -> bool {
        let mut last = self.0.lock().await;
        match *last {
            Some((at, reachable)) if at.elapsed() < FRESH => reachable,
            _ => {
                let reachable = matches!(timeout(DEADLINE, database.query("SELECT 1", &[])).await, Ok(Ok(_)));
                *last = Some((Instant::now(), reachable));
                reachable
            }
        }
    }
}

/// 200 as long as the relay runs: outages of others are no reason to restart it.
pub async fn alive(State(app): State<Arc<App>>) -> Json<Health> {
    Json(look(&app).await)
}

/// 503 while NATS or the database is missing, and from the moment at which the relay is told to stop.
pub async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let health = look(&app).await;
    let stopping = app.departure.is_announced();
    let status = if health.status == "ok" && !stopping { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}

async fn look(app: &App) -> Health {
    let nats = app.hub.nats.connection_state() == Nats::Connected;
    let database = app.reachable.look(&app.database).await;
    let migrated = !app.schema.is_too_old();
    Health {
        status: if nats && database && migrated { "ok" } else { "degraded" },
        nats: if nats { "connected" } else { "disconnected" },
        database: match (database, migrated) {
            (true, true) => "reachable",
            (true, false) => "not_migrated",
            (false, _) => "unreachable",
        },
        auth_mode: if app.verifier.development() { "development" } else { "token" },
    }
}
