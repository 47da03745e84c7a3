//! How long data lives: `migrations/functions/life/`.

use super::call::Call;
use super::{Document, Error};
use messaging_core::ids::{ChannelId, EntityId};
use serde::Deserialize;

/// An event that is to be redacted in Matrix.
#[derive(Debug, Deserialize)]
pub struct Removal {
    /// The event.
    pub event_id: String,
    /// Its room.
    pub room_id: String,
    /// Whether it is redacted already.
    pub is_redacted: bool,
    /// Whether it is a message, which may have edits.
    pub is_message: bool,
}

/// What came of a removal.
#[derive(Debug, Deserialize)]
pub struct EndedRemoval {
    /// `removed`, `refused`, `waits`, `held`, or `gone`: somebody else has ended it.
    pub outcome: String,
    /// The room that still has the message in its list of pinned ones.
    #[serde(default)]
    pub unpin_room_id: Option<String>,
}

/// Takes what is to be redacted in Matrix; nobody else gets it for so many seconds.
pub async fn claim_removals(limit: i32, seconds: i32) -> Result<Vec<Removal>, Error> {
    #[derive(Deserialize)]
    struct Claimed {
        removals: Vec<Removal>,
    }
    let call = Call::of("claim_removals").arg("p_limit", limit).arg("p_seconds", seconds);
    Ok(call.json::<Claimed>().await?.removals)
}

/// Nothing was done about these.
pub async fn return_removals(event_ids: Vec<String>) -> Result<(), Error> {
    Call::of("return_removals").arg("p_event_ids", event_ids).done().await
}

/// It was redacted in Matrix, which knows of these edits of it; or the room has refused.
pub async fn end_removal(
    event_id: &str,
    actor_id: &EntityId,
    is_redacted: bool,
    edits: Vec<String>,
) -> Result<EndedRemoval, Error> {
    Call::of("end_removal")
        .arg("p_event_id", event_id)
        .arg("p_actor_id", actor_id)
        .arg("p_is_redacted", is_redacted)
        .arg("p_edit_event_ids", edits)
        .json()
        .await
}

/// Puts a channel on hold; without a reason the hold ends.
pub async fn set_hold(channel_id: ChannelId, reason: Option<&str>, actor_id: &EntityId) -> Result<Document, Error> {
    Call::of("set_hold")
        .arg("p_channel_id", channel_id)
        .arg("p_reason", reason)
        .arg("p_actor_id", actor_id)
        .document()
        .await
}
