//! Votes and the end of a poll (Matrix client-server API, "Polls"): relations, and no messages.

use crate::event::{Event, is_id};
use messaging_core::ids::EntityId;
use messaging_core::matrix;
use messaging_core::poll::selections;
use messaging_edge::index::Error;
use messaging_edge::index::messages::{RecordPollVote, record_poll_end, record_poll_vote};
use serde_json::Value;

pub async fn vote(event: &Event, voter_id: &EntityId) -> Result<(), Error> {
    let Some(poll) = named(&event.content) else { return Ok(()) };
    record_poll_vote(RecordPollVote {
        room_id: &event.room_id,
        poll_event_id: poll,
        event_id: &event.event_id,
        voter_id,
        voter_matrix_id: &event.sender,
        answers: selections(&event.content),
        voted_at: &event.changed_at(),
    })
    .await
}

pub async fn end(event: &Event, sender_id: &EntityId) -> Result<(), Error> {
    let Some(poll) = named(&event.content) else { return Ok(()) };
    record_poll_end(&event.room_id, poll, &event.event_id, sender_id, &event.changed_at()).await
}

/// The poll that the content of a vote or an end names.
pub fn named(content: &Value) -> Option<&str> {
    matrix::relation(content).filter(|(kind, poll)| *kind == "m.reference" && is_id(poll)).map(|(_, poll)| poll)
}
