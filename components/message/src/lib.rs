//! `/api/messaging/channels/:channel_id/messages/:message_id`: one message.

mod delete;
mod edit;
mod get;

use http::Method;
use messaging_edge::{Problem, Reply, Request, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn message(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    match *request.method() {
        Method::GET => get::get(&request).await,
        Method::PATCH => edit::edit(request).await,
        Method::DELETE => delete::delete(&request).await,
        _ => Err(Problem::method_not_allowed("GET, PATCH, DELETE")),
    }
}
