//! `/health`: alive. `/health/ready`: whether PostgreSQL, the gateway and the homeserver answer.

use http::{Method, StatusCode};
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, log, serve, store};
use serde_json::json;
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn health(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    if *request.method() != Method::GET {
        return Err(Problem::method_not_allowed("GET"));
    }
    match request.path().trim_matches('/') {
        "health" => Reply::json(
            StatusCode::OK,
            &json!({"status": "healthy", "service": "daarion-messaging", "version": env!("CARGO_PKG_VERSION")}),
        ),
        "health/ready" => ready(&request.id).await,
        _ => Err(Problem::not_found("route")),
    }
}

/// Each part by itself, so that an operator sees which one is missing. Why it is missing is in the log.
async fn ready(request_id: &str) -> Result<Reply, Problem> {
    let database = store::ping().await;
    let (gateway, homeserver) = match Gateway::from_settings().await {
        Ok(gateway) => match gateway.health().await {
            Ok(_) => (Ok(()), Ok(())),
            // The gateway answered: it is the homeserver that failed.
            Err(problem) if problem.inside.as_deref().is_some_and(|inside| inside.contains("M_")) => {
                (Ok(()), Err(problem))
            }
            Err(problem) => (Err(problem.clone()), Err(problem)),
        },
        Err(problem) => (Err(problem.clone()), Err(problem)),
    };
    let mut all_well = true;
    let mut state = |part: &Result<(), Problem>| match part {
        Ok(()) => "ok",
        Err(problem) => {
            all_well = false;
            log::error(request_id, &format!("not ready: {problem}"));
            "failed"
        }
    };
    let body =
        json!({"postgresql": state(&database), "matrix_gateway": state(&gateway), "homeserver": state(&homeserver)});
    let status = if all_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Reply::json(status, &json!({"status": if all_well { "ready" } else { "not_ready" }, "parts": body}))
}
