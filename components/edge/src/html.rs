//! The HTML of messages, cleaned by a component of its own.

use crate::{Problem, outgoing};
use bytes::Bytes;
use http::{StatusCode, header};
use messaging_core::paths::CLEAN_HTML;
use messaging_core::text::html::Html;
use std::time::Duration;

/// Where the host finds the component (service chaining).
const CLEANER: &str = "http://html-cleaner.spin.internal";

/// How long a call may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// How much is cleaned in one call: well under what a component takes as JSON. A message has less than half of it.
const MAX_BYTES: usize = 128 * 1024;

/// What may be shown of `html`; `None` when there is none, or nothing is left of it. The problem is a 503.
pub async fn clean(html: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(html) = html else { return Ok(None) };
    Ok(clean_all(vec![html.to_owned()]).await?.pop().flatten())
}

/// The same of many, in their order, with as few calls as there is HTML for.
pub async fn clean_all(htmls: Vec<String>) -> Result<Vec<Option<String>>, Problem> {
    let mut cleaned = Vec::with_capacity(htmls.len());
    let mut next = Vec::new();
    let mut bytes = 0;
    for html in htmls {
        let length = json_length(&html)?;
        if bytes + length > MAX_BYTES && !next.is_empty() {
            cleaned.extend(call(std::mem::take(&mut next)).await?);
            bytes = 0;
        }
        bytes += length;
        next.push(html);
    }
    if !next.is_empty() {
        cleaned.extend(call(next).await?);
    }
    Ok(cleaned)
}

/// How many bytes a text takes up in JSON.
fn json_length(text: &str) -> Result<usize, Problem> {
    serde_json::to_vec(text).map(|json| json.len()).map_err(Problem::internal)
}

async fn call(htmls: Vec<String>) -> Result<Vec<Option<String>>, Problem> {
    let count = htmls.len();
    let body = serde_json::to_vec(&Html { html: htmls }).map_err(Problem::internal)?;
    let request =
        http::Request::post(format!("{CLEANER}{CLEAN_HTML}")).header(header::CONTENT_TYPE, "application/json");
    let request = request.body(Bytes::from(body)).map_err(Problem::internal)?;
    let unavailable = |reason: &dyn std::fmt::Display| Problem::unavailable(format!("html-cleaner: {reason}"));
    let response = outgoing::send(request, DEADLINE).await.map_err(|e| unavailable(&e))?;
    if response.status() != StatusCode::OK {
        return Err(unavailable(&response.status()));
    }
    let Html { html } = serde_json::from_slice(response.body()).map_err(|e| unavailable(&e))?;
    // Each stands in the place of what it was made of.
    if html.len() != count {
        return Err(unavailable(&"another number of texts"));
    }
    Ok(html.into_iter().map(|html| Some(html).filter(|html| !html.is_empty())).collect())
}
