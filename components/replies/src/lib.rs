//! `/api/messaging/channels/:channel_id/messages/:message_id/replies`: the answers to a message.

use http::Method;
use messaging_edge::{Problem, Reply, Request, identity, serve, store};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn replies(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    match *request.method() {
        Method::GET => {
            let caller = identity::caller(&request).await?;
            store::page_messages(&request, &caller, Some(request.message_id()?)).await
        }
        _ => Err(Problem::method_not_allowed("GET")),
    }
}
