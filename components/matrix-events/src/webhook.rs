//! POST `/webhooks/matrix-events`: events from the platform's own gateway, one by itself or `{"events": […]}`.

use crate::apply::apply_all;
use crate::event::Here;
use crate::transaction::MAX_BYTES;
use http::StatusCode;
use messaging_core::auth::secrets_match;
use messaging_core::gateway::TOKEN_HEADER;
use messaging_edge::{FromRequest, Problem, Request, Response, json_body, parse_json, settings};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Proof that the request comes from a gateway: it carries the gateway's secret.
pub struct ForeignGateway(());

impl FromRequest for ForeignGateway {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let expected = settings::optional("matrix_gateway_secret").await?.unwrap_or_default();
        if secrets_match(request.header(TOKEN_HEADER).unwrap_or(""), &expected) {
            return Ok(Self(()));
        }
        Err(Problem::unauthenticated("Send X-Internal-Service-Token: <MATRIX_GATEWAY_SECRET>."))
    }
}

#[derive(Deserialize)]
struct Many {
    events: Option<Vec<Box<RawValue>>>,
}

pub async fn receive(_: ForeignGateway, mut request: Request) -> Result<Response, Problem> {
    json_body(&request)?;
    let body = request.bytes(MAX_BYTES).await?;
    let events = match parse_json::<Many>(&body)?.events {
        Some(events) => events,
        None => vec![parse_json(&body)?],
    };
    apply_all(&events, &Here::from_settings().await?, request.id()).await?;
    Ok(Response::raw_json(StatusCode::OK, "{}"))
}
