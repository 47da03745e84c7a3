//! The keys that the issuer of the tokens publishes, fetched when they are wanted.

use crate::http_client::HttpClient;
use anyhow::{Context, ensure};
use http::header::ACCEPT;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use messaging_core::auth::{MAX_KEY_SET_BYTES, Verifier};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long the issuer may take.
const DEADLINE: Duration = Duration::from_secs(3);

/// Fetches the keys when the check of `token` wants that. What goes wrong is logged: the keys that there are may do, and
/// the check says so when they do not.
pub async fn renew(verifier: &Verifier, client: &HttpClient, token: &str) {
    let Some(url) = verifier.keys_due(token, Instant::now()) else { return };
    let fetched = timeout(DEADLINE, fetch(client, url)).await.context("no response in time").flatten();
    let taken = fetched.and_then(|document| verifier.put_keys(&document, Instant::now()).map_err(anyhow::Error::msg));
    if let Err(e) = taken {
        verifier.keys_failed(Instant::now());
        tracing::error!("the keys of JWT_JWKS_URL are not to be had: {e:#}");
    }
}

/// The issuer's document.
pub async fn fetch(client: &HttpClient, url: &str) -> anyhow::Result<Bytes> {
    let request = Request::get(url).header(ACCEPT, "application/json").body(Full::default())?;
    let response = client.request(request).await.context("the issuer cannot be reached")?;
    ensure!(response.status() == StatusCode::OK, "the issuer answered {}", response.status());
    let body = Limited::new(response.into_body(), MAX_KEY_SET_BYTES).collect().await;
    Ok(body.map_err(|e| anyhow::anyhow!("the key set cannot be read: {e}"))?.to_bytes())
}
