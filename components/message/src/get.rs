//! GET: the index row with the full content from Matrix, edits applied.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::matrix;
use messaging_core::paths::MessagePath;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Path, Problem, Response, index};
use serde_json::{Value, json};

pub async fn get(caller: Caller, Path(at): Path<MessagePath>) -> Result<Response, Problem> {
    let found = index::messages::get_message(&caller, at).await?;
    let content = if found.is_deleted {
        Value::Null
    } else {
        let gateway = Gateway::from_settings().await?;
        gateway.event(&found.room_id, &found.event_id).await?.newest_content()
    };
    let mut message = found.message;
    message.insert("text".to_owned(), json!(matrix::text(&content, "body")));
    message.insert("formatted_body".to_owned(), json!(matrix::text(&content, "formatted_body")));
    message.insert("content".to_owned(), content);
    Response::json(StatusCode::OK, &message)
}
