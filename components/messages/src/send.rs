//! POST: sends a message.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::message::SendMessage;
use messaging_core::paths::ChannelPath;
use messaging_edge::{IdempotencyKey, Json, Path, Problem, Response, acts};

pub async fn send(
    caller: Caller,
    Path(at): Path<ChannelPath>,
    key: IdempotencyKey,
    Json(message): Json<SendMessage>,
) -> Result<Response, Problem> {
    let client_key = key.of(&caller);
    let message = acts::send(&caller, at.channel_id, message, client_key.as_ref(), None).await?;
    Response::json(StatusCode::CREATED, &message)
}
