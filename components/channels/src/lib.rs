//! `/api/messaging/channels`: list and create.

mod create;
mod list;

use http::Method;
use messaging_edge::{Problem, Reply, Request, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn channels(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    match *request.method() {
        Method::GET => list::list(&request).await,
        Method::POST => create::create(request).await,
        _ => Err(Problem::method_not_allowed("GET, POST")),
    }
}
