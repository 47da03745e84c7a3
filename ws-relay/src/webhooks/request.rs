//! One request to a webhook.

use super::queue::Claimed;
use crate::http_client::HttpClient;
use anyhow::{Context, ensure};
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full, Limited};
use messaging_core::gateway::TOKEN_HEADER;
use messaging_core::webhook::Delivery;
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::time::timeout;

/// How long a try may take, in seconds.
pub const DEADLINE_SECONDS: i32 = 10;
const DEADLINE: Duration = Duration::from_secs(DEADLINE_SECONDS.unsigned_abs() as u64);
/// How much of a response is read, in bytes, so that its connection can be used again.
const RESPONSE: usize = 4096;

/// Sends an event; any 2xx is success. The error says nothing of the address but its host.
pub async fn send(client: &HttpClient, delivery: &Claimed, token: &str) -> anyhow::Result<()> {
    let mut token = HeaderValue::try_from(token).context("MATRIX_GATEWAY_SECRET is no header")?;
    token.set_sensitive(true);
    let event = RawValue::from_string(delivery.event.clone()).context("its event is no JSON")?;
    let body = Delivery { subscription_id: delivery.subscription_id, room_id: delivery.room_id.clone(), event };
    let request = Request::post(&delivery.webhook_url)
        .header(TOKEN_HEADER, token)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("daarion-messaging/", env!("CARGO_PKG_VERSION")))
        .body(Full::from(serde_json::to_vec(&body)?))
        .context("its address cannot be used")?;
    let exchange = async {
        let response = client.request(request).await.context("it cannot be reached")?;
        let status = response.status();
        // Whether the rest can be read changes nothing.
        let _ = Limited::new(response.into_body(), RESPONSE).collect().await;
        ensure!(status.is_success(), "it responded {status}");
        Ok(())
    };
    timeout(DEADLINE, exchange).await.context("no response in time")?
}
