//! The HTML of messages, cleaned by a component of its own.

use crate::{Problem, outgoing};
use bytes::Bytes;
use http::{StatusCode, header};
use messaging_core::paths::CLEAN_HTML;
use messaging_core::text::html::Html;
use std::time::Duration;

/// Where the host finds the component (service chaining).
const CLEANER: &str = "http://html-cleaner.spin.internal";

/// How long it may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// What may be shown of `html`; `None` when there is none, or nothing is left of it. The problem is a 503.
pub async fn clean(html: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(html) = html else { return Ok(None) };
    let body = serde_json::to_vec(&Html { html: html.to_owned() }).map_err(Problem::internal)?;
    let request =
        http::Request::post(format!("{CLEANER}{CLEAN_HTML}")).header(header::CONTENT_TYPE, "application/json");
    let request = request.body(Bytes::from(body)).map_err(Problem::internal)?;
    let unavailable = |reason: &dyn std::fmt::Display| Problem::unavailable(format!("html-cleaner: {reason}"));
    let response = outgoing::send(request, DEADLINE).await.map_err(|e| unavailable(&e))?;
    if response.status() != StatusCode::OK {
        return Err(unavailable(&response.status()));
    }
    let Html { html } = serde_json::from_slice(response.body()).map_err(|e| unavailable(&e))?;
    Ok(Some(html).filter(|html| !html.is_empty()))
}
