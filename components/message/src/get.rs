//! GET: the index row with the full content from Matrix, edits applied.

use http::StatusCode;
use messaging_core::paths::MessagePath;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Path, Problem, Reader, RequestId, Response, acts, index, log};
use serde_json::{Map, Value};

pub async fn get(
    RequestId(request_id): RequestId,
    Reader(caller): Reader,
    Path(at): Path<MessagePath>,
) -> Result<Response, Problem> {
    let found = index::messages::get_message(&caller, at).await?;
    let message = found.message;
    let content = if found.is_deleted {
        None
    } else {
        let gateway = Gateway::from_settings().await?;
        match acts::read_content(&gateway, &found.room_id, &found.event_id, found.edit_event_id.as_deref()).await {
            Ok(content) => Some(content),
            Err(problem) if problem.is_gateway_lacks() => None,
            // The index has something to show, and reading does not wait for Matrix to come back.
            Err(problem) if problem.is_of_matrix() && has_text(&message) => {
                log::error(&request_id, &format!("{}: its text is the index's: {problem}", at.message_id));
                None
            }
            Err(problem) => return Err(problem),
        }
    };
    let content = acts::clean_contents(vec![content]).await?.pop().flatten();
    Response::json(StatusCode::OK, &acts::with_content(message, content))
}

fn has_text(message: &Map<String, Value>) -> bool {
    message.get("content_preview").is_some_and(|text| *text != "")
}
