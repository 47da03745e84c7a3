//! `/internal/messaging/channels/:channel_id/context` and `…/messages`: what agents work with.
//!
//! Callers hold `INTERNAL_SECRET`. With `agent_id` they read as that agent and see only what it may see; without,
//! they are a service of the platform and may read every channel.

use http::{Method, StatusCode};
use messaging_edge::{Problem, Reply, Request, identity, serve, store};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn agent_context(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    if *request.method() != Method::GET {
        return Err(Problem::method_not_allowed("GET"));
    }
    match request.segment(4).as_ref() {
        "context" => context(&request).await,
        "messages" => messages(&request).await,
        _ => Err(Problem::not_found("route")),
    }
}

async fn context(request: &Request) -> Result<Reply, Problem> {
    identity::internal(request).await?;
    let context = store::call_raw("agent_context", vec![store::uuid(request.channel_id()?)]).await?;
    Ok(Reply::raw_json(StatusCode::OK, context))
}

async fn messages(request: &Request) -> Result<Reply, Problem> {
    let reader = match request.query("agent_id") {
        Some(agent_id) => identity::agent(request, agent_id).await?,
        None => identity::service(request).await?,
    };
    store::page_messages(request, &reader, None).await
}
