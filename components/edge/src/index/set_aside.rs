//! Events that failed: `migrations/functions/set_aside.sql`.

use super::call::Call;
use super::{Document, Error};
use messaging_core::fault::Fault;
use serde::Deserialize;
use std::collections::BTreeSet;

/// An event that could not be indexed.
#[derive(Clone, Copy)]
pub struct NoteFailedEvent<'a> {
    /// The event.
    pub event_id: &'a str,
    /// Its room.
    pub room_id: &'a str,
    /// Its type.
    pub event_type: &'a str,
    /// All of it, as JSON.
    pub event: &'a str,
    /// Why it failed.
    pub reason: &'a str,
    /// Whose fault that was.
    pub fault: Fault,
}

/// What becomes of an event that failed.
#[derive(Debug, Deserialize)]
pub struct NotedFailedEvent {
    /// What comes behind it goes on without it. Otherwise it has to come again.
    pub is_set_aside: bool,
    /// How often it has failed.
    pub attempts: i32,
    /// Those of the other events that were set aside before.
    pub others: BTreeSet<String>,
}

/// Counts a failure. `others` are the ids of the events that are still to be indexed.
pub async fn note_failed_event(note: NoteFailedEvent<'_>, others: Vec<String>) -> Result<NotedFailedEvent, Error> {
    Call::of("note_failed_event")
        .arg("p_event_id", note.event_id)
        .arg("p_room_id", note.room_id)
        .arg("p_event_type", note.event_type)
        .arg("p_event", note.event)
        .arg("p_reason", note.reason)
        .arg("p_fault", note.fault.code())
        .arg("p_others", others)
        .json()
        .await
}

/// The events that are set aside, oldest first, at most `limit`: a JSON array of
/// [`SetAsideEvent`](messaging_core::set_aside::SetAsideEvent).
pub async fn list_set_aside_events(limit: i32) -> Result<Document, Error> {
    Call::of("list_set_aside_events").arg("p_limit", limit).document().await
}

/// The next event of a replay.
#[derive(Debug, Deserialize)]
pub struct NextSetAsideEvent {
    /// When the replay began, RFC 3339.
    pub since: String,
    /// The event as JSON; `None` when every one has been tried since then.
    pub event: Option<String>,
}

/// The oldest event that is set aside and has not failed since the replay began; `None` begins one.
pub async fn next_set_aside_event(since: Option<&str>) -> Result<NextSetAsideEvent, Error> {
    Call::of("next_set_aside_event").arg("p_since", since).json().await
}

/// The event is indexed after all.
pub async fn forget_set_aside_event(event_id: &str) -> Result<(), Error> {
    Call::of("forget_set_aside_event").arg("p_event_id", event_id).done().await
}
