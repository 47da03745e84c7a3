//! `/internal/messaging/channels/:channel_id/context` and `…/messages`: what agents work with.
//!
//! Callers hold `INTERNAL_SECRET`. With `agent_id` they read as that agent and see only what it may see; without,
//! they are a service of the platform and may read every channel.

use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::page::MessagePage;
use messaging_core::paths::{self, ChannelPath};
use messaging_edge::{InternalReader, Path, Problem, Query, Response, acts, index, serve};
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn agent_context(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| {
        router.get(paths::AGENT_CONTEXT, context).get(paths::AGENT_MESSAGES, messages)
    })
    .await
}

/// GET `…/context`: who may write in the channel.
async fn context(_: Internal, Path(at): Path<ChannelPath>) -> Result<Response, Problem> {
    let context = index::channels::get_agent_context(at.channel_id).await?;
    Ok(Response::document(StatusCode::OK, context))
}

/// GET `…/messages`: a page of messages, newest first.
async fn messages(
    reader: InternalReader,
    Path(at): Path<ChannelPath>,
    Query(page): Query<MessagePage>,
) -> Result<Response, Problem> {
    let path = paths::fill(paths::AGENT_MESSAGES, &[&at.channel_id]);
    let agent = reader.is_agent.then(|| format!("agent_id={}", reader.caller.id()));
    acts::list_messages(&reader.caller, at.channel_id, &page, None, &path, agent.as_deref()).await
}
