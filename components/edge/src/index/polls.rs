//! Polls: `migrations/functions/messages/poll.sql`.

use super::Error;
use super::call::Call;
use messaging_core::ids::EntityId;

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
