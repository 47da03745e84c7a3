//! The one way in: every component's request goes through [`serve`].

use crate::{Problem, Reply, Request, cors, log};
use bytes::Bytes;
use http::HeaderName;
use std::future::Future;

/// Answers a request with what `route` makes of it, and logs what failed on our side.
pub async fn serve<F>(
    request: spin_sdk::http::Request,
    route: impl FnOnce(Request) -> F,
) -> http::Response<spin_sdk::http::FullBody<Bytes>>
where
    F: Future<Output = Result<Reply, Problem>>,
{
    let request = Request::new(request);
    let (id, what) = (request.id.clone(), format!("{} {}", request.method(), request.path()));
    if let Some(reply) = cors::preflight(&request).await {
        return reply.into_response();
    }
    let origin = cors::allowed_origin(&request).await;
    let reply = route(request).await.unwrap_or_else(|problem| {
        if problem.status.is_server_error() || problem.inside.is_some() {
            log::error(&id, &format!("{what}: {problem}"));
        }
        Reply::problem(&problem, &id)
    });
    let reply = reply.header(HeaderName::from_static("x-request-id"), &id);
    origin.iter().fold(reply, |reply, origin| cors::allow(reply, origin)).into_response()
}
