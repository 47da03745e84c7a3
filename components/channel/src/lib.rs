//! `/api/messaging/channels/:channel_id`: one channel.

mod archive;
mod change;

use http::{Method, StatusCode};
use messaging_edge::{Problem, Reply, Request, identity, serve, store};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn channel(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    match *request.method() {
        Method::GET => get(&request).await,
        Method::PATCH => change::change(request).await,
        Method::DELETE => archive::archive(&request).await,
        _ => Err(Problem::method_not_allowed("GET, PATCH, DELETE")),
    }
}

async fn get(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let [who, microdaos] = store::caller(&caller);
    let channel = store::call_raw("get_channel", vec![who, microdaos, store::uuid(request.channel_id()?)]).await?;
    Ok(Reply::raw_json(StatusCode::OK, channel))
}
