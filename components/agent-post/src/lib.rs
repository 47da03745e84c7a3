//! `/internal/agents/:agent_id/post-to-channel`: an agent says something. Agents speak in notices.

use http::{Method, StatusCode};
use messaging_core::ids::ChannelId;
use messaging_core::models::{AgentPost, MessageType, SendMessage};
use messaging_edge::{Problem, Reply, Request, identity, refusal, send, serve, store};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use spin_sdk::http::IntoResponse;
use spin_sdk::http_service;

#[http_service]
async fn agent_post(request: spin_sdk::http::Request) -> impl IntoResponse {
    serve(request, route).await
}

async fn route(request: Request) -> Result<Reply, Problem> {
    match *request.method() {
        Method::POST => post(request).await,
        _ => Err(Problem::method_not_allowed("POST")),
    }
}

async fn exists(channel: ChannelId) -> Result<bool, Problem> {
    match store::call_raw("agent_context", vec![store::uuid(channel)]).await {
        Err(problem) if problem.code == "not_found" => Ok(false),
        found => found.map(|_| true),
    }
}

#[derive(Deserialize)]
struct MessageRow {
    id: String,
}

async fn post(request: Request) -> Result<Reply, Problem> {
    let agent = identity::agent(&request, &request.segment(2)).await?;
    let key = request.idempotency_key(agent.id())?;
    let post: AgentPost = request.json().await?;
    let message = SendMessage {
        text: Some(post.text),
        msgtype: MessageType::Notice,
        formatted_body: post.formatted_body,
        reply_to: post.reply_to,
        encrypted: None,
    };
    let message: Box<RawValue> = match send::send(&agent, post.channel_id, &message, key.as_ref()).await {
        // The agent may not know of the channel, but who holds the secret may: they learn what to do.
        Err(problem) if problem.code == "not_found" && exists(post.channel_id).await? => {
            return Err(refusal::problem("not_a_member"));
        }
        sent => sent?,
    };
    let row: MessageRow = serde_json::from_str(message.get()).map_err(Problem::internal)?;
    Reply::json(StatusCode::OK, &json!({"status": "posted", "message_id": row.id, "message": message}))
}
