//! `/api/messaging/channels/:channel_id/messages`: page through messages, send one.

use http::{Method, StatusCode};
use messaging_core::models::SendMessage;
use messaging_edge::{Problem, Reply, Request, identity, send, serve, store};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn messages(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    match *request.method() {
        Method::GET => page(&request).await,
        Method::POST => post(request).await,
        _ => Err(Problem::method_not_allowed("GET, POST")),
    }
}

async fn page(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    store::page_messages(request, &caller, None).await
}

async fn post(request: Request) -> Result<Reply, Problem> {
    let caller = identity::caller(&request).await?;
    let channel = request.channel_id()?;
    let key = request.idempotency_key(caller.id())?;
    let message: SendMessage = request.json().await?;
    let message = send::send(&caller, channel, &message, key.as_ref()).await?;
    Reply::json(StatusCode::CREATED, &message)
}
