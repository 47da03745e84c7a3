//! GET: the index row with the full content from Matrix, edits applied.

use http::StatusCode;
use messaging_core::matrix::{self, RoomEvent};
use messaging_core::message::ContentSource;
use messaging_core::paths::MessagePath;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Path, Problem, Reader, RequestId, Response, html, index, log};
use serde_json::{Map, Value, json};

pub async fn get(
    RequestId(request_id): RequestId,
    Reader(caller): Reader,
    Path(at): Path<MessagePath>,
) -> Result<Response, Problem> {
    let found = index::messages::get_message(&caller, at).await?;
    let (mut message, mut event) = (found.message, None);
    let content = if found.is_deleted {
        None
    } else {
        let gateway = Gateway::from_settings().await?;
        match newest(&gateway, &found.room_id, &found.event_id, found.edit_event_id.as_deref()).await {
            Ok((found, content)) => {
                event = Some(found);
                Some(content)
            }
            Err(problem) if problem.is_gateway_lacks() => None,
            // The index has something to show, and reading does not wait for Matrix to come back.
            Err(problem) if problem.is_of_matrix() && has_text(&message) => {
                log::error(&request_id, &format!("{}: its text is the index's: {problem}", at.message_id));
                None
            }
            Err(problem) => return Err(problem),
        }
    };
    let source = if content.is_some() { ContentSource::Matrix } else { ContentSource::Index };
    let content = match content {
        Some(content) => Some(with_clean_html(content).await?),
        None => None,
    };
    let is_encrypted = message.get("is_encrypted") == Some(&Value::Bool(true));
    let (text, content) = match content {
        Some(content) => {
            let said = event.and_then(|event| event.shown(&content).map(|said| said.text.into_owned()));
            (json!(said.filter(|text| !is_encrypted || !text.is_empty())), content)
        }
        // The beginning is better than nothing; `truncated` says whether it is all.
        None => (message.get("content_preview").filter(|text| *text != "").cloned().unwrap_or_default(), Value::Null),
    };
    message.insert("source".to_owned(), json!(source));
    message.insert("text".to_owned(), text);
    message.insert("formatted_body".to_owned(), json!(matrix::text(&content, "formatted_body")));
    message.insert("content".to_owned(), content);
    Response::json(StatusCode::OK, &message)
}

/// The event and the content that counts. Where the homeserver names no edit, or one that is no valid edit, it is the one that
/// the index shows: a list and a message say the same.
async fn newest(
    gateway: &Gateway,
    room_id: &str,
    event_id: &str,
    edit_event_id: Option<&str>,
) -> Result<(RoomEvent, Value), Problem> {
    let event = gateway.event(room_id, event_id).await?;
    let content = match (event.newest_edit(), edit_event_id) {
        (None, Some(edit_event_id)) => event.replaced_by(&gateway.event(room_id, edit_event_id).await?),
        _ => None,
    };
    let content = content.unwrap_or_else(|| event.newest_content());
    Ok((event, content))
}

/// The content as it may be shown: Matrix clients send any HTML.
async fn with_clean_html(mut content: Value) -> Result<Value, Problem> {
    if let Some(fields) = content.as_object_mut()
        && let Some(formatted) = fields.remove("formatted_body")
    {
        let cleaned = html::clean(formatted.as_str()).await?;
        match cleaned {
            Some(cleaned) => drop(fields.insert("formatted_body".to_owned(), Value::String(cleaned))),
            None => drop(fields.remove("format")),
        }
    }
    Ok(content)
}

fn has_text(message: &Map<String, Value>) -> bool {
    message.get("content_preview").is_some_and(|text| *text != "")
}
