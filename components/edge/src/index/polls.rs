//! Polls: `migrations/functions/messages/poll.sql` and `poll_end.sql`.

use super::Error;
use super::call::Call;
use messaging_core::ids::EntityId;

/// After somebody has voted in Matrix: `answers` as of [`selections`](messaging_core::poll::selections).
pub async fn record_poll_vote(
    room_id: &str,
    poll_event_id: &str,
    event_id: &str,
    voter_id: &EntityId,
    answers: Vec<String>,
    voted_at: &str,
) -> Result<(), Error> {
    Call::of("record_poll_vote")
        .arg("p_room_id", room_id)
        .arg("p_target_event_id", poll_event_id)
        .arg("p_event_id", event_id)
        .arg("p_voter_id", voter_id)
        .arg("p_answers", answers)
        .arg("p_voted_at", voted_at)
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
