//! POST `/internal/messaging/channels/:channel_id/reindex`: gives messages what search finds them by, from what Matrix has of them.
//!
//! Newest first, a few at a time, and each few is recorded by itself: a run that is cut off loses nothing but these.

use futures_util::future::{join, join4};
use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::file::{self, File};
use messaging_core::ids::ChannelId;
use messaging_core::paths::ChannelPath;
use messaging_core::reindex::{ReindexQuery, Reindexed};
use messaging_core::search::Entry;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::reindex::{Analysed, Unanalysed, list_messages_to_reindex, record_reindexed};
use messaging_edge::{Path, Problem, Query, RequestId, Response, acts, deadline, log};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// How many messages are read before they are recorded: the channel waits for that statement.
const PAGE: i32 = 40;
/// How many such pages a run has at most.
const MAX_PAGES: usize = 20;
/// No further page is begun beyond this time.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long Matrix may take for the messages of a page together.
const DEADLINE: Duration = Duration::from_secs(20);

/// Goes on in a channel.
pub async fn reindex(
    _: Internal,
    Path(at): Path<ChannelPath>,
    Query(query): Query<ReindexQuery>,
    RequestId(request_id): RequestId,
) -> Result<Response, Problem> {
    let (gateway, began) = (Gateway::from_settings().await?, Instant::now());
    let mut done = Reindexed { next: query.before, ..Reindexed::default() };
    for _ in 0..MAX_PAGES {
        let page = list_messages_to_reindex(at.channel_id, done.next, PAGE).await?;
        done.looked_at += page.looked_at;
        done.next = page.next;
        analyse(&gateway, at.channel_id, &page.messages, &mut done, &request_id).await?;
        // Whoever asks decides whether these are tried again first.
        if done.next.is_none() || !done.failed.is_empty() || began.elapsed() > PATIENCE {
            break;
        }
    }
    Response::json(StatusCode::OK, &done)
}

/// Reads and records the messages of a page.
async fn analyse(
    gateway: &Gateway,
    channel_id: ChannelId,
    messages: &[Unanalysed],
    done: &mut Reindexed,
    request_id: &str,
) -> Result<(), Problem> {
    let read: Vec<_> = read(gateway, messages).await;
    let mut analysed = Vec::new();
    let mut failure = None;
    for (message, entry) in messages.iter().zip(read) {
        let (search, file, edit_event_id) = match entry {
            Some(Ok(read)) => read,
            Some(Err(problem)) if problem.status.is_client_error() || problem.is_gateway_lacks() => {
                done.unreadable.push(message.id);
                (Entry::of_text(&message.content_preview), None, message.edit_event_id.clone())
            }
            failed => {
                done.failed.push(message.id);
                failure = failed.and_then(Result::err).or(failure);
                continue;
            }
        };
        analysed.push(Analysed { id: message.id, edit_event_id, search, file });
    }
    if let Some(problem) = failure {
        log::error(request_id, &format!("messages cannot be read in Matrix: {problem}"));
    }
    if !analysed.is_empty() {
        done.indexed += record_reindexed(channel_id, &analysed).await?;
    }
    Ok(())
}

/// What a message is found by, its file, and the edit that was read.
type Read = Result<(Entry, Option<File>, Option<String>), Problem>;

/// Reads each message, in its place; `None` where Matrix has not answered in time. One that says nothing in Matrix any more is
/// found by nothing. One with an edit that the index does not know is left alone by it, as long as it does not.
async fn read(gateway: &Gateway, messages: &[Unanalysed]) -> Vec<Option<Read>> {
    let found = RefCell::new(messages.iter().map(|_| None).collect::<Vec<_>>());
    let next = Cell::new(0);
    // Eight at a time, each with the next one as soon as it has one.
    let lane = async || {
        loop {
            let at = next.replace(next.get() + 1);
            let Some(message) = messages.get(at) else { return };
            let edit = message.edit_event_id.as_deref();
            let newest = acts::read_newest(gateway, &message.room_id, &message.event_id, edit).await;
            let entry = newest.map(|(event, content)| {
                let entry = event.shown(&content).map_or_else(|| Entry::of_text(""), |described| Entry::of(&described));
                let edit_event_id =
                    event.newest_edit().map_or_else(|| message.edit_event_id.clone(), |edit| edit.event_id);
                let kind = event.event_type.as_deref().unwrap_or_default();
                (entry, file::in_content(kind, &content), edit_event_id)
            });
            if let Some(place) = found.borrow_mut().get_mut(at) {
                *place = Some(entry);
            }
        }
    };
    let lanes = join(join4(lane(), lane(), lane(), lane()), join4(lane(), lane(), lane(), lane()));
    deadline::within(DEADLINE, lanes).await;
    found.take()
}
