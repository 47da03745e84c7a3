//! `/api/messaging/channels/:channel_id/members/:member_id`: one member; `me` is the caller.

mod change;
mod join;
mod remove;

use http::Method;
use messaging_core::auth::Caller;
use messaging_core::ids::EntityId;
use messaging_edge::{Problem, Reply, Request, serve, settings};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn member(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    match *request.method() {
        Method::PUT => join::join(&request).await,
        Method::PATCH => change::change(request).await,
        Method::DELETE => remove::remove(&request).await,
        _ => Err(Problem::method_not_allowed("PUT, PATCH, DELETE")),
    }
}

/// The member of the path. The Matrix id of one of ours is that one.
async fn member_id(request: &Request, caller: &Caller) -> Result<EntityId, Problem> {
    let server_name = settings::required("matrix_server_name").await?;
    match request.segment(5).as_ref() {
        "me" => Ok(caller.id().clone()),
        other => EntityId::parse_on(other, &server_name).map_err(|_| Problem::not_found("member")),
    }
}
