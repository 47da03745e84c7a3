//! The content of messages from Matrix, as it may be shown.

use crate::deadline::within;
use crate::gateway::Gateway;
use crate::{Problem, html, log};
use futures_util::future::{join, join4};
use messaging_core::matrix;
use messaging_core::message::ContentSource;
use serde_json::{Map, Value, json};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// How long Matrix may take for the messages of a page together, and the cleaning of their HTML again as long: with the
/// index, whoever asks has an answer within 10 seconds.
const DEADLINE: Duration = Duration::from_secs(4);

/// A message's row, and where its content is.
pub struct Place {
    /// The row.
    pub message: Map<String, Value>,
    /// The room that holds the event.
    pub room_id: String,
}

/// The rows with their content, each as `GET` of the message tells it. What Matrix does not give in time is the index's.
pub async fn with_contents(request_id: &str, places: Vec<Place>) -> Result<Vec<Map<String, Value>>, Problem> {
    let gateway = Gateway::from_settings().await?;
    let found = RefCell::new(vec![None; places.len()]);
    let failed = RefCell::new(None);
    let next = Cell::new(0);
    // Eight at a time, each with the next one as soon as it has one.
    let lane = async || {
        loop {
            let at = next.replace(next.get() + 1);
            let Some(place) = places.get(at) else { return };
            let Some(event_id) = event_to_read(&place.message) else { continue };
            match gateway.event(&place.room_id, event_id).await {
                Ok(event) => {
                    if let Some(found) = found.borrow_mut().get_mut(at) {
                        *found = Some(event.newest_content());
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
            vec![None; places.len()]
        }
        None => {
            log::error(request_id, "the text of messages is the index's: their HTML was not cleaned in time");
            vec![None; places.len()]
        }
    };
    Ok(places.into_iter().zip(contents).map(|(place, content)| with_content(place.message, content)).collect())
}

/// The event to read; `None` of a deleted message, whose content is gone.
fn event_to_read(message: &Map<String, Value>) -> Option<&str> {
    let is_deleted = message.get("deleted_at").is_some_and(|at| !at.is_null());
    message.get("matrix_event_id").and_then(Value::as_str).filter(|_| !is_deleted)
}

/// The row with its content; `None` when it is the index's alone.
pub fn with_content(mut message: Map<String, Value>, content: Option<Value>) -> Map<String, Value> {
    let source = if content.is_some() { ContentSource::Matrix } else { ContentSource::Index };
    let (text, content) = match content {
        Some(content) => (json!(matrix::text(&content, "body")), content),
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
pub async fn clean_contents(mut contents: Vec<Option<Value>>) -> Result<Vec<Option<Value>>, Problem> {
    let mut formatted = Vec::new();
    let mut htmls = Vec::new();
    for (at, content) in contents.iter_mut().enumerate() {
        let Some(fields) = content.as_mut().and_then(Value::as_object_mut) else { continue };
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
        let Some(fields) = contents.get_mut(at).and_then(Option::as_mut).and_then(Value::as_object_mut) else {
            continue;
        };
        match html {
            Some(html) => drop(fields.insert("formatted_body".to_owned(), Value::String(html))),
            None => drop(fields.remove("format")),
        }
    }
    Ok(contents)
}
