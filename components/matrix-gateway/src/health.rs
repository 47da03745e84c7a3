//! GET `/internal/matrix/health`.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, Nothing};
use bytes::Bytes;
use http::{Method, StatusCode};
use messaging_core::gateway::Health;
use messaging_edge::Response;
use std::time::Duration;

/// How long the homeserver may take: less than other calls, because a health check has to end soon.
const DEADLINE: Duration = Duration::from_secs(3);

/// Says which homeserver responds; fails as every other call would when none does.
pub async fn health(hs: Homeserver) -> Result<Response, GatewayError> {
    let target = "/_matrix/client/versions";
    hs.exchange::<Nothing>(Acting::Bot, Method::GET, target, "application/json", Bytes::new(), DEADLINE).await?;
    let health = Health { status: "ok".to_owned(), homeserver: hs.server_name().to_owned() };
    Ok(Response::json(StatusCode::OK, &health)?)
}
