//! The keys that the issuer of the tokens publishes.

use super::report::Lines;
use super::{QUESTION, Setting};
use crate::http::key_set;
use crate::http_client;
use anyhow::Context;
use messaging_core::auth::Verifier;
use std::time::Instant;
use tokio::time::timeout;

const CHECK: &str = "keys";

/// Fetches them, where they are to be fetched, and reads them.
pub async fn look(lines: &mut Lines, setting: Setting<'_>) {
    let Some(url) = setting("JWT_JWKS_URL") else { return };
    // Settings that cannot be read are told elsewhere.
    let Ok(verifier) = Verifier::from_settings(setting) else { return };
    let fetched = async {
        let client = http_client::new()?;
        let document = timeout(QUESTION, key_set::fetch(&client, &url)).await.context("no answer in time")??;
        verifier.put_keys(&document, Instant::now()).map_err(anyhow::Error::msg)
    };
    match fetched.await {
        Ok(()) => lines.ok(CHECK, "the issuer's key set at JWT_JWKS_URL can be fetched and read"),
        Err(e) => lines.fault(
            CHECK,
            format!("the key set at JWT_JWKS_URL: {e:#}"),
            "No token can be checked: mend the address, JWT_ALGORITHM, or the way to the issuer; the app needs \
             JWT_JWKS_ALLOWED_HOST too.",
        ),
    }
}
