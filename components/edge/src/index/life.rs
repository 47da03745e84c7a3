//! How long data lives: `migrations/functions/life/`.

use super::call::Call;
use super::{Document, Error};
use messaging_core::ids::{ChannelId, EntityId, ErasureId, MicrodaoId};
use messaging_core::life::ExportPage;
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

/// Begins the erasure of a person who acts by this Matrix id, or finds the one that is under way.
pub async fn begin_erasure(member_id: &EntityId, matrix_user_id: &str, actor_id: &EntityId) -> Result<Document, Error> {
    Call::of("begin_erasure")
        .arg("p_member_id", member_id)
        .arg("p_matrix_user_id", matrix_user_id)
        .arg("p_actor_id", actor_id)
        .document()
        .await
}

/// How far it is.
pub async fn get_erasure(erasure_id: ErasureId) -> Result<Document, Error> {
    Call::of("get_erasure").arg("p_erasure_id", erasure_id.0).document().await
}

/// Somebody who is to leave.
#[derive(Debug, Deserialize)]
pub struct Departure {
    /// Whose erasure it is.
    pub erasure_id: ErasureId,
    /// Who.
    pub member_id: EntityId,
    /// A microDAO in whose channels they are; `None`: they are in none any more.
    pub microdao_id: Option<MicrodaoId>,
}

/// Takes somebody who is to leave; nobody else gets them for so many seconds.
pub async fn claim_departure(seconds: i32) -> Result<Option<Departure>, Error> {
    Call::of("claim_departure").arg("p_seconds", seconds).json_if_any().await
}

/// Some of it is done; `is_whole`: all of it, and their profile is cleared.
pub async fn end_departure(erasure_id: ErasureId, is_whole: bool) -> Result<(), Error> {
    Call::of("end_departure").arg("p_erasure_id", erasure_id.0).arg("p_is_whole", is_whole).done().await
}

/// A page of what is kept of a channel.
pub async fn export_channel(
    channel_id: ChannelId,
    part: &str,
    after: Option<&str>,
    limit: i32,
) -> Result<ExportPage, Error> {
    Call::of("export_channel")
        .arg("p_channel_id", channel_id)
        .arg("p_part", part)
        .arg("p_after", after)
        .arg("p_limit", limit)
        .json()
        .await
}

/// A page of what is kept of a person.
pub async fn export_person(
    member_id: &EntityId,
    part: &str,
    after: Option<&str>,
    limit: i32,
) -> Result<ExportPage, Error> {
    Call::of("export_person")
        .arg("p_member_id", member_id)
        .arg("p_part", part)
        .arg("p_after", after)
        .arg("p_limit", limit)
        .json()
        .await
}
