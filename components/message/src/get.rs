//! GET: the index row with the full content from Matrix, edits applied.

use http::StatusCode;
use messaging_core::matrix;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, store};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Found {
    room_id: String,
    event_id: String,
    deleted: bool,
    message: Map<String, Value>,
}

pub async fn get(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let [who, microdaos] = store::caller(&caller);
    let found: Found = store::call(
        "get_message",
        vec![who, microdaos, store::uuid(request.channel_id()?), store::uuid(request.message_id()?)],
    )
    .await?;
    let content = if found.deleted {
        Value::Null
    } else {
        let gateway = Gateway::from_settings().await?;
        matrix::newest_content(&gateway.event(&found.room_id, &found.event_id).await?)
    };
    let mut message = found.message;
    message.insert("text".to_owned(), json!(matrix::text(&content, "body")));
    message.insert("formatted_body".to_owned(), json!(matrix::text(&content, "formatted_body")));
    message.insert("content".to_owned(), content);
    Reply::json(StatusCode::OK, &message)
}
