//! Polls: `migrations/functions/messages/poll.sql` and `poll_end.sql`.

use super::Error;
use super::call::Call;
use messaging_core::ids::EntityId;

/// A vote that is in Matrix.
#[derive(Debug)]
pub struct RecordPollVote<'a> {
    /// The room that holds the events.
    pub room_id: &'a str,
    /// The poll.
    pub poll_event_id: &'a str,
    /// The vote.
    pub event_id: &'a str,
    /// Who voted.
    pub voter_id: &'a EntityId,
    /// The voter's Matrix id.
    pub voter_matrix_id: &'a str,
    /// As of [`selections`](messaging_core::poll::selections).
    pub answers: Vec<String>,
    /// When (RFC 3339).
    pub voted_at: &'a str,
}

/// After somebody has voted in Matrix.
pub async fn record_poll_vote(vote: RecordPollVote<'_>) -> Result<(), Error> {
    Call::of("record_poll_vote")
        .arg("p_room_id", vote.room_id)
        .arg("p_target_event_id", vote.poll_event_id)
        .arg("p_event_id", vote.event_id)
        .arg("p_voter_id", vote.voter_id)
        .arg("p_answers", vote.answers)
        .arg("p_voted_at", vote.voted_at)
        .arg("p_voter_matrix_id", vote.voter_matrix_id)
        .done()
        .await
}

/// After a poll is ended in Matrix.
pub async fn record_poll_end(
    room_id: &str,
    poll_event_id: &str,
    event_id: &str,
    sender_id: &EntityId,
    ended_at: &str,
) -> Result<(), Error> {
    Call::of("record_poll_end")
        .arg("p_room_id", room_id)
        .arg("p_target_event_id", poll_event_id)
        .arg("p_event_id", event_id)
        .arg("p_sender_id", sender_id)
        .arg("p_ended_at", ended_at)
        .done()
        .await
}
