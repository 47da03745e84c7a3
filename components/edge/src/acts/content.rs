//! The content of messages from Matrix, as it may be shown.

use crate::deadline::within;
use crate::gateway::Gateway;
use crate::{Problem, html, log};
use futures_util::future::{join, join4};
use messaging_core::matrix::{self, RoomEvent};
use messaging_core::message::ContentSource;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// How long Matrix may take for the messages of a page together, and the cleaning of their HTML again as long: with the
/// index, whoever asks has an answer within 10 seconds.
const DEADLINE: Duration = Duration::from_secs(4);

/// A message's row.
pub type Row = Map<String, Value>;

/// Where the content of a message is.
#[derive(Debug, Deserialize)]
pub struct Place {
    /// The room that holds the event.
    pub room_id: String,
    /// The edit that the index shows.
    pub edit_event_id: Option<String>,
}

/// What Matrix has of a message.
#[derive(Debug, Clone)]
pub struct Content {
    /// What there is to read; `None` of an encrypted message.
    text: Option<String>,
    /// The content that counts, edits applied.
    content: Value,
}

impl Content {
    fn fields(&mut self) -> Option<&mut Map<String, Value>> {
        self.content.as_object_mut()
    }
}

/// Reads the content of a message. Where the homeserver names no edit, or one that is no valid edit, the one that the index
/// shows counts: a list and a message say the same.
pub async fn read_content(
    gateway: &Gateway,
    room_id: &str,
    event_id: &str,
    edit_event_id: Option<&str>,
) -> Result<Content, Problem> {
    let (event, content) = read_newest(gateway, room_id, event_id, edit_event_id).await?;
    let is_encrypted = event.event_type.as_deref() == Some("m.room.encrypted");
    let said = event.shown(&content).filter(|_| !is_encrypted).map(|said| said.text.into_owned());
    Ok(Content { text: said, content })
}

/// The event of a message, and the content that counts: see [`read_content`].
pub async fn read_newest(
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

/// The rows with their content, each as `GET` of the message tells it. What Matrix does not give in time is the index's.
pub async fn with_contents(request_id: &str, messages: Vec<(Row, Place)>) -> Result<Vec<Row>, Problem> {
    let gateway = Gateway::from_settings().await?;
    let found = RefCell::new(vec![None; messages.len()]);
    let failed = RefCell::new(None);
    let next = Cell::new(0);
    // Eight at a time, each with the next one as soon as it has one.
    let lane = async || {
        loop {
            let at = next.replace(next.get() + 1);
            let Some((message, place)) = messages.get(at) else { return };
            let Some(event_id) = event_to_read(message) else { continue };
            match read_content(&gateway, &place.room_id, event_id, place.edit_event_id.as_deref()).await {
                Ok(content) => {
                    if let Some(found) = found.borrow_mut().get_mut(at) {
                        *found = Some(content);
                    }
                }
                // It has none for the others either.
                Err(problem) if problem.is_gateway_lacks() => return,
                Err(problem) => drop(failed.replace(Some(problem))),
            }
        }
    };
    let lanes = join(join4(lane(), lane(), lane(), lane()), join4(lane(), lane(), lane(), lane()));
    let in_time = within(DEADLINE, lanes).await.is_some();
    if let Some(problem) = failed.take() {
        log::error(request_id, &format!("the text of messages is the index's: {problem}"));
    } else if !in_time {
        log::error(request_id, "the text of messages is the index's: Matrix has not given all of them in time");
    }
    let contents = within(DEADLINE, clean_contents(found.take())).await;
    let contents = match contents {
        Some(Ok(contents)) => contents,
        // What was not cleaned is not shown.
        Some(Err(problem)) => {
            log::error(request_id, &format!("the text of messages is the index's: {problem}"));
            vec![None; messages.len()]
        }
        None => {
            log::error(request_id, "the text of messages is the index's: their HTML was not cleaned in time");
            vec![None; messages.len()]
        }
    };
    Ok(messages.into_iter().zip(contents).map(|((message, _), content)| with_content(message, content)).collect())
}

/// The event to read; `None` of a deleted message, whose content is gone.
fn event_to_read(message: &Row) -> Option<&str> {
    let is_deleted = message.get("deleted_at").is_some_and(|at| !at.is_null());
    message.get("matrix_event_id").and_then(Value::as_str).filter(|_| !is_deleted)
}

/// The row with its content; `None` when it is the index's alone.
pub fn with_content(mut message: Row, content: Option<Content>) -> Row {
    let source = if content.is_some() { ContentSource::Matrix } else { ContentSource::Index };
    let (text, content) = match content {
        Some(Content { text, content }) => (json!(text), content),
        // The beginning is better than nothing; `truncated` says whether it is all.
        None => (message.get("content_preview").filter(|text| *text != "").cloned().unwrap_or_default(), Value::Null),
    };
    message.insert("source".to_owned(), json!(source));
    message.insert("text".to_owned(), text);
    message.insert("formatted_body".to_owned(), json!(matrix::text(&content, "formatted_body")));
    message.insert("content".to_owned(), content);
    message
}

/// The contents as they may be shown, each in its place: Matrix clients send any HTML.
pub async fn clean_contents(mut contents: Vec<Option<Content>>) -> Result<Vec<Option<Content>>, Problem> {
    let mut formatted = Vec::new();
    let mut htmls = Vec::new();
    for (at, content) in contents.iter_mut().enumerate() {
        let Some(fields) = content.as_mut().and_then(Content::fields) else { continue };
        match fields.remove("formatted_body") {
            Some(Value::String(html)) => {
                formatted.push(at);
                htmls.push(html);
            }
            Some(_) => drop(fields.remove("format")),
            None => {}
        }
    }
    for (at, html) in formatted.into_iter().zip(html::clean_all(htmls).await?) {
        let Some(fields) = contents.get_mut(at).and_then(Option::as_mut).and_then(Content::fields) else { continue };
        match html {
            Some(html) => drop(fields.insert("formatted_body".to_owned(), Value::String(html))),
            None => drop(fields.remove("format")),
        }
    }
    Ok(contents)
}
