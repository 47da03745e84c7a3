//! `/_matrix/app/v1/…`: what the homeserver pushes (Matrix application service API), and
//! `/webhooks/matrix-events`: the same from a gateway that is not ours.

mod forward;
mod index;
mod queries;
mod redaction;
mod state;
mod transaction;
mod upgrade;
mod webhook;

use http::{Method, StatusCode};
use messaging_core::auth::{bearer, secrets_match};
use messaging_edge::{Problem, Reply, Request, serve, settings};
use serde_json::json;
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn matrix_events(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    if request.segment(0) == "webhooks" {
        return webhook::receive(request).await;
    }
    if let Some(refused) = refuse_strangers(&request).await? {
        return Ok(refused);
    }
    let (resource, name) = (request.segment(3).into_owned(), request.segment(4).into_owned());
    match (resource.as_str(), request.method()) {
        ("transactions", &Method::PUT) => transaction::receive(request).await,
        ("transactions", _) => Err(Problem::method_not_allowed("PUT")),
        ("users", &Method::GET) => queries::user(&name).await,
        ("rooms", &Method::GET) => queries::room(&name).await,
        ("users" | "rooms", _) => Err(Problem::method_not_allowed("GET")),
        ("ping", &Method::POST) => Reply::json(StatusCode::OK, &json!({})),
        ("ping", _) => Err(Problem::method_not_allowed("POST")),
        _ => Ok(matrix_error(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "No such endpoint")),
    }
}

/// Only the homeserver knows the `hs_token`.
async fn refuse_strangers(request: &Request) -> Result<Option<Reply>, Problem> {
    let expected = settings::optional("matrix_hs_token").await.unwrap_or_default();
    Ok(match request.header("authorization").and_then(bearer) {
        None => Some(matrix_error(StatusCode::UNAUTHORIZED, "M_MISSING_TOKEN", "Missing hs_token")),
        Some(token) if secrets_match(token, &expected) => None,
        Some(_) => Some(matrix_error(StatusCode::FORBIDDEN, "M_FORBIDDEN", "Wrong hs_token")),
    })
}

/// An error in the homeserver's own form (Matrix client-server API, "Standard error response").
fn matrix_error(status: StatusCode, errcode: &str, error: &str) -> Reply {
    let body = json!({"errcode": errcode, "error": error});
    Reply::raw_json(status, body.to_string())
}
