//! What becomes of an event that failed.

use crate::event::{Event, is_id};
use messaging_core::fault::Fault;
use messaging_core::json;
use messaging_core::text::{clip, storable};
use messaging_edge::index::Error;
use messaging_edge::index::set_aside::{NoteFailedEvent, note_failed_event};
use messaging_edge::{Problem, log};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// How much of an error is kept with an event, in bytes.
const MAX_REASON: usize = 500;

/// The events of a request that are still to be indexed.
pub struct Waiting<'a> {
    events: std::vec::IntoIter<&'a RawValue>,
    /// Names the request in the log.
    pub request_id: &'a str,
}

impl<'a> Waiting<'a> {
    /// All of them. Only one at a time is read: read, an event takes many times the memory of its text.
    pub fn new(events: impl IntoIterator<Item = &'a RawValue>, request_id: &'a str) -> Self {
        Self { events: events.into_iter().collect::<Vec<_>>().into_iter(), request_id }
    }

    /// The next one that is an event at all, and its text.
    pub fn next(&mut self) -> Option<(Event, &'a RawValue)> {
        let request_id = self.request_id;
        self.events.find_map(|text| match json::from_str(text.get()) {
            Ok(event) => Some((event, text)),
            Err(_) => {
                log::info(request_id, "skipped a malformed event");
                None
            }
        })
    }

    fn ids(&self) -> Vec<String> {
        let events = self.events.as_slice().iter().filter_map(|text| json::from_str::<Event>(text.get()).ok());
        events.map(|event| event.event_id).filter(|id| is_id(id)).collect()
    }
}

/// What became of an event.
pub enum Outcome {
    /// It is indexed, or does not concern the index.
    Done,
    /// The room does not have it.
    Hidden,
    /// It waits by itself, and so do these of the events that are still to be indexed.
    SetAside(BTreeSet<String>),
    /// It has to come again.
    Again {
        /// For the sender.
        problem: Problem,
        /// Why.
        fault: Fault,
    },
}

/// Counts the failure of an event, and decides what becomes of it. When it cannot be counted it has to come again.
pub async fn failed(event: &Event, text: &RawValue, error: Error, fault: Fault, waiting: &Waiting<'_>) -> Outcome {
    let reason = match error {
        Error::Database(_, reason) => reason,
        other => Problem::from(other).to_string(),
    };
    let note = NoteFailedEvent {
        event_id: &event.event_id,
        room_id: &event.room_id,
        event_type: &storable(&clip(&event.event_type, MAX_REASON)),
        event: text.get(),
        reason: &storable(&clip(&reason, MAX_REASON)),
        fault,
    };
    let id = &event.event_id;
    match note_failed_event(note, waiting.ids()).await {
        Ok(noted) if noted.is_set_aside => {
            let attempts = noted.attempts;
            log::error(waiting.request_id, &format!("set aside the event {id} (failure {attempts}): {reason}"));
            Outcome::SetAside(noted.others)
        }
        Ok(noted) => {
            let problem = Problem::unavailable(format!("the event {id} (failure {}): {reason}", noted.attempts));
            Outcome::Again { problem, fault }
        }
        Err(uncounted) => {
            let uncounted = Problem::from(uncounted);
            let problem = Problem::unavailable(format!("the event {id}: {reason}; not counted: {uncounted}"));
            Outcome::Again { problem, fault: Fault::Database }
        }
    }
}
