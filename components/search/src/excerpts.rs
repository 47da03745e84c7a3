//! The part of each text that is shown with a hit.

use futures_util::future::join_all;
use messaging_core::search::{Excerpt, Hit, MAX_EXCERPT, Query, analyse, excerpt, highlights};
use messaging_edge::deadline::within;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::search::FoundMessage;
use messaging_edge::{Problem, acts, log};
use serde_json::value::RawValue;
use std::cell::RefCell;
use std::time::Duration;

/// How many whole texts are read for a page, all at once.
const MAX_WHOLE: usize = 20;
/// How long Matrix may take for all of them: with the search itself, whoever asks has an answer within 10 seconds.
const DEADLINE: Duration = Duration::from_secs(2);

/// The messages with the part of their texts around the first place that was found. What the preview does not show is read from
/// Matrix.
pub async fn with_excerpts(
    request_id: &str,
    query: &Query,
    found: Vec<FoundMessage>,
) -> Vec<Hit<acts::Row, Box<RawValue>>> {
    let mut lacking = Vec::new();
    for (at, message) in found.iter().enumerate() {
        // Where only operators and words that must not be there were asked for, there is no place to show.
        if query.is_selective() && !query.matches(&analyse(preview(message))) {
            lacking.push(at);
        }
    }
    let whole = whole_texts(request_id, &found, lacking.get(..MAX_WHOLE).unwrap_or(&lacking)).await;
    let hit = |(at, message): (usize, FoundMessage)| {
        let text = whole.iter().find(|(of, _)| *of == at).map(|(_, text)| text.as_str());
        let shown = text.unwrap_or_else(|| preview(&message));
        let Excerpt { text: shown, start, highlights, has_more } =
            excerpt(shown, &highlights(&analyse(shown), query), MAX_EXCERPT);
        let is_beginning = text.is_none() && is_truncated(&message);
        Hit {
            partial: text.is_none() && lacking.contains(&at),
            excerpt: shown,
            excerpt_start: start,
            has_more: has_more || is_beginning,
            highlights,
            message: message.message,
            channel: message.channel,
        }
    };
    found.into_iter().enumerate().map(hit).collect()
}

fn preview(message: &FoundMessage) -> &str {
    message.message.get("content_preview").and_then(|text| text.as_str()).unwrap_or_default()
}

fn is_truncated(message: &FoundMessage) -> bool {
    message.message.get("truncated").and_then(|is| is.as_bool()).unwrap_or_default()
}

/// The whole texts of some of the messages, by their places in `found`: those that Matrix gives in time.
async fn whole_texts(request_id: &str, found: &[FoundMessage], wanted: &[usize]) -> Vec<(usize, String)> {
    if wanted.is_empty() {
        return Vec::new();
    }
    let gateway = match Gateway::from_settings().await {
        Ok(gateway) => gateway,
        Err(problem) => {
            log::error(request_id, &format!("excerpts are of previews: {problem}"));
            return Vec::new();
        }
    };
    let (texts, failed) = (RefCell::new(Vec::new()), RefCell::new(None::<Problem>));
    let read = async |at: usize| {
        let Some(message) = found.get(at) else { return };
        let (room_id, event_id) = (&message.room_id, &message.event_id);
        match acts::read_newest(&gateway, room_id, event_id, message.edit_event_id.as_deref()).await {
            Ok((event, content)) => {
                let text = event.shown(&content).map(|said| said.searched().into_owned());
                texts.borrow_mut().extend(text.map(|text| (at, text)));
            }
            Err(problem) if problem.is_gateway_lacks() => {}
            Err(problem) => drop(failed.replace(Some(problem))),
        }
    };
    let in_time = within(DEADLINE, join_all(wanted.iter().map(|at| read(*at)))).await.is_some();
    if let Some(problem) = failed.take() {
        log::error(request_id, &format!("excerpts are of previews: {problem}"));
    } else if !in_time {
        log::error(request_id, "excerpts are of previews: Matrix has not given all texts in time");
    }
    texts.take()
}
