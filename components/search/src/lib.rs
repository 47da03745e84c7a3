//! `/api/messaging/search` and `/internal/messaging/search`: messages by what they say, for people and for agents.

mod excerpts;
mod find;

use messaging_core::auth::Caller;
use messaging_core::page::SearchPage;
use messaging_core::paths;
use messaging_edge::{InternalReader, Problem, Query, RequestId, Response, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn search(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.get(paths::SEARCH, by_caller).get(paths::AGENT_SEARCH, by_agent)
    })
    .await
}

async fn by_caller(
    RequestId(request_id): RequestId,
    caller: Caller,
    Query(page): Query<SearchPage>,
) -> Result<Response, Problem> {
    find::find(&request_id, &caller, &page, paths::SEARCH, None).await
}

/// With `agent_id` as that agent, otherwise as a service of the platform.
async fn by_agent(
    RequestId(request_id): RequestId,
    reader: InternalReader,
    Query(page): Query<SearchPage>,
) -> Result<Response, Problem> {
    let agent = reader.is_agent.then(|| format!("agent_id={}", reader.caller.id()));
    find::find(&request_id, &reader.caller, &page, paths::AGENT_SEARCH, agent.as_deref()).await
}
