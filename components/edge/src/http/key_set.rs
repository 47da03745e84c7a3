//! The keys that the issuer of the tokens publishes, fetched when they are wanted.

use crate::{log, outgoing};
use bytes::Bytes;
use messaging_core::auth::Verifier;
use std::time::{Duration, Instant};

/// How long the issuer may take. A request waits for it only when it is the first of its instance, or the one in ten
/// minutes that renews the keys.
const DEADLINE: Duration = Duration::from_secs(3);

/// Fetches the keys when the check of `token` wants that. What goes wrong is logged: the keys that there are may do, and
/// the check says so when they do not.
pub(super) async fn renew(verifier: &Verifier, token: &str, request_id: &str) {
    let Some(url) = verifier.keys_due(token, Instant::now()) else { return };
    let fetched = match fetch(url).await {
        Ok(document) => verifier.put_keys(&document, Instant::now()),
        Err(reason) => Err(format!("JWT_JWKS_URL: {reason}")),
    };
    if let Err(reason) = fetched {
        verifier.keys_failed(Instant::now());
        log::error(request_id, &reason);
    }
}

async fn fetch(url: &str) -> Result<Bytes, String> {
    let request = http::Request::get(url).header(http::header::ACCEPT, "application/json");
    let request = request.body(Bytes::new()).map_err(|e| e.to_string())?;
    let response = outgoing::send(request, DEADLINE).await.map_err(|e| e.to_string())?;
    match response.status() {
        http::StatusCode::OK => Ok(response.into_body()),
        status => Err(format!("answered {status}")),
    }
}
