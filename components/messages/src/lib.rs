//! `/api/messaging/channels/:channel_id/messages`: page through messages, send one.

use http::{Method, StatusCode};
use messaging_core::models::SendMessage;
use messaging_core::page::{MessagePage, Position};
use messaging_edge::store::{self, Page};
use messaging_edge::{Problem, Reply, Request, identity, send, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;
use spin_sdk::pg::ParameterValue;

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
    let wanted = MessagePage::parse(|name| request.query(name))?;
    let place = |position: &Option<Position>| match position {
        Some(position) => store::jsonb(position),
        None => Ok(ParameterValue::DbNull),
    };
    let [who, microdaos] = store::caller(&caller);
    let page: Page = store::call(
        "page_messages",
        vec![
            who,
            microdaos,
            store::uuid(request.channel_id()?),
            ParameterValue::Int32(wanted.limit),
            place(&wanted.before)?,
            place(&wanted.after)?,
            ParameterValue::DbNull,
        ],
    )
    .await?;
    Ok(page.into_reply(request.path(), &format!("limit={}", wanted.limit)))
}

async fn post(request: Request) -> Result<Reply, Problem> {
    let caller = identity::caller(&request).await?;
    let channel = request.channel_id()?;
    let key = request.header("idempotency-key").map(str::to_owned);
    let message: SendMessage = request.json().await?;
    let message = send::send(&caller, channel, &message, key.as_deref()).await?;
    Reply::json(StatusCode::CREATED, &message)
}
