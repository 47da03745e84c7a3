//! GET `/internal/matrix/health`.

use crate::answer::Refusal;
use crate::homeserver::{Acting, Homeserver, Nothing};
use bytes::Bytes;
use http::{Method, StatusCode};
use messaging_edge::Reply;
use serde_json::json;
use std::time::Duration;

/// Whoever asks for health wants to know soon.
const LIMIT: Duration = Duration::from_secs(3);

/// Answers which homeserver is there, or refuses as every other call would.
pub async fn get(hs: &Homeserver) -> Result<Reply, Refusal> {
    let target = "/_matrix/client/versions";
    hs.exchange::<Nothing>(Acting::Bot, Method::GET, target, "application/json", Bytes::new(), LIMIT).await?;
    Ok(Reply::json(StatusCode::OK, &json!({"status": "ok", "homeserver": hs.server_name}))?)
}
