//! `/internal/agents/:agent_id/post-to-channel`: an agent says something. Agents speak in notices, unless they want people to be
//! notified.

use http::StatusCode;
use messaging_core::agent::{AgentPost, Posted};
use messaging_core::ids::MessageId;
use messaging_core::message::SendMessage;
use messaging_core::paths;
use messaging_core::refusal::Refusal;
use messaging_edge::index::channels::get_agent_context;
use messaging_edge::{ActingAgent, IdempotencyKey, Json, Problem, Response, acts, index, serve};
use serde::Deserialize;
use serde_json::json;
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn agent_post(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve::<Problem>(env!("CARGO_PKG_NAME"), request, |router| router.post(paths::AGENT_POST, post)).await
}

/// What a key belongs to: the channel is in the body.
const ROUTE: &str = "post";

#[derive(Deserialize)]
struct Row {
    id: MessageId,
}

async fn post(
    ActingAgent(agent): ActingAgent,
    key: IdempotencyKey,
    Json(post): Json<AgentPost>,
) -> Result<Response, Problem> {
    let client_key = key.of(&agent);
    let message = SendMessage {
        text: post.text,
        msgtype: post.msgtype,
        formatted_body: post.formatted_body,
        reply_to: post.reply_to,
        encrypted: None,
        mentions: post.mentions,
        notify: post.notify,
        thread_id: post.thread_id,
        file: post.file,
    };
    let sent = match acts::send(&agent, post.channel_id, message, client_key.as_ref(), Some(ROUTE)).await {
        // The agent may not know of the channel, but a caller with the secret may: they learn what to do.
        Err(index::Error::Refused(Refusal::ChannelNotFound)) => {
            get_agent_context(post.channel_id).await?;
            return Err(Refusal::NotAMember.into());
        }
        sent => sent?,
    };
    let row: Row = serde_json::from_str(sent.get()).map_err(Problem::internal)?;
    Response::json(StatusCode::OK, &json!({"status": Posted::Posted, "message_id": row.id, "message": sent}))
}
