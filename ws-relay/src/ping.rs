//! Asks the homeserver to push events: after an outage of the appservice it would wait up to 512 s by itself.

use crate::http_client::{self, HttpClient};
use crate::settings::Matrix;
use anyhow::Context;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The pause after a failure: the first, and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// The pause after a success. The next ping ends the homeserver's wait when there was an outage meanwhile.
const WATCH: Duration = Duration::from_secs(30);
const DEADLINE: Duration = Duration::from_secs(30);
/// The longest error body that is read, in bytes.
const RESPONSE: usize = 4096;

/// Pings for as long as the relay runs.
pub async fn run(matrix: Matrix) {
    let Ok(client) = http_client::new().inspect_err(|e| tracing::error!("the homeserver cannot be pinged: {e:#}"))
    else {
        return;
    };
    let mut backoff = BACKOFF.0;
    let mut reached = None;
    loop {
        let result = timeout(DEADLINE, ping(&client, &matrix)).await.context("no response in time").flatten();
        match (&result, reached) {
            (Ok(()), Some(true)) | (Err(_), Some(false)) => {}
            (Ok(()), _) => tracing::info!("the homeserver reaches the appservice"),
            (Err(e), _) => tracing::warn!("the homeserver does not reach the appservice yet: {e:#}"),
        }
        reached = Some(result.is_ok());
        if result.is_ok() {
            backoff = BACKOFF.0;
            sleep(WATCH).await;
        } else {
            sleep(backoff).await;
            backoff = backoff.saturating_mul(2).min(BACKOFF.1);
        }
    }
}

async fn ping(client: &HttpClient, matrix: &Matrix) -> anyhow::Result<()> {
    let base = matrix.homeserver.trim_end_matches('/');
    // Matrix specification, Application Service API, section "Pinging".
    let uri = format!("{base}/_matrix/client/v1/appservice/{}/ping", matrix.as_id);
    let mut token = HeaderValue::try_from(format!("Bearer {}", matrix.as_token)).context("MATRIX_AS_TOKEN")?;
    token.set_sensitive(true);
    let request = Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(AUTHORIZATION, token)
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from_static(b"{}")))
        .context("MATRIX_HOMESERVER_URL or MATRIX_AS_ID cannot be used")?;
    let response = client.request(request).await.context("it cannot be reached")?;
    let status = response.status();
    let body = Limited::new(response.into_body(), RESPONSE).collect().await;
    if status.is_success() {
        return Ok(());
    }
    let body = body.map(|body| String::from_utf8_lossy(&body.to_bytes()).into_owned()).unwrap_or_default();
    anyhow::bail!("{status} {}", body.escape_debug())
}
