//! POST `/webhooks/matrix-events`: events from the platform's own gateway, one by itself or `{"events": […]}`.

use crate::transaction;
use http::{Method, StatusCode};
use messaging_core::auth::secrets_match;
use messaging_edge::{Problem, Reply, Request, settings};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Many {
    events: Option<Vec<Box<RawValue>>>,
}

pub async fn receive(request: Request) -> Result<Reply, Problem> {
    if *request.method() != Method::POST {
        return Err(Problem::method_not_allowed("POST"));
    }
    let expected = settings::optional("matrix_gateway_secret").await.unwrap_or_default();
    if !secrets_match(request.header("x-internal-service-token").unwrap_or(""), &expected) {
        return Err(Problem::unauthenticated("Send X-Internal-Service-Token: <MATRIX_GATEWAY_SECRET>."));
    }
    let id = request.id.clone();
    let body = request.bytes(transaction::MAX_BYTES).await?;
    let events = match messaging_edge::request::parse_json::<Many>(&body)?.events {
        Some(events) => events,
        None => vec![messaging_edge::request::parse_json(&body)?],
    };
    transaction::apply_all(&events, &id).await?;
    Ok(Reply::raw_json(StatusCode::OK, "{}"))
}
