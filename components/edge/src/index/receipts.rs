//! Receipts and what is unread: `migrations/functions/receipts/`.

use super::call::Call;
use super::{Document, Error};
use messaging_core::auth::Caller;
use messaging_core::event::Seq;
use messaging_core::ids::{ChannelId, EntityId};
use messaging_core::rate_limit::Class;
use messaging_core::receipt::{MarkRead, ReceiptsQuery};
use serde::{Deserialize, Serialize};

/// Moves the caller's marker, and says what the channel is to them.
pub async fn mark_read(caller: &Caller, channel_id: ChannelId, read: &MarkRead) -> Result<Document, Error> {
    Call::of("mark_read")
        .caller(caller)
        .arg("p_channel_id", channel_id)
        .arg("p_message_id", read.message_id)
        .arg("p_seq", read.seq)
        .arg("p_thread_id", read.thread_id)
        .arg("p_is_private", read.private)
        .limited(Class::Read, caller)
        .await
        .document()
        .await
}

/// Marks a channel as unread, and says what it is to the caller.
pub async fn mark_unread(caller: &Caller, channel_id: ChannelId) -> Result<Document, Error> {
    let call = Call::of("mark_unread").caller(caller).arg("p_channel_id", channel_id);
    call.limited(Class::Read, caller).await.document().await
}

/// Mutes a channel or ends that, and says what it is to the caller.
pub async fn set_muted(caller: &Caller, channel_id: ChannelId, is_muted: bool) -> Result<Document, Error> {
    let call = Call::of("set_muted").caller(caller).arg("p_channel_id", channel_id).arg("p_is_muted", is_muted);
    call.limited(Class::Read, caller).await.document().await
}

/// Who has read a channel how far.
pub async fn list_receipts(caller: &Caller, channel_id: ChannelId, query: ReceiptsQuery) -> Result<Document, Error> {
    let call = Call::of("list_receipts").caller(caller).arg("p_channel_id", channel_id).arg("p_seq", query.seq);
    call.document().await
}

/// All that is unread to the caller.
pub async fn get_unread(caller: &Caller) -> Result<Document, Error> {
    Call::of("get_unread").caller(caller).document().await
}

/// A receipt that the homeserver tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldReceipt {
    /// Up to which event.
    pub event_id: String,
    /// Who has read.
    pub member_id: EntityId,
    /// Whether nobody else is shown it.
    pub is_private: bool,
    /// The root of the thread that was read.
    pub thread_event_id: Option<String>,
}

/// Moves the markers of members who have read by a Matrix client. `None`: no living channel has this room.
pub async fn record_receipts(room_id: &str, receipts: &[ToldReceipt]) -> Result<(), Error> {
    Call::of("record_receipts").arg("p_room_id", room_id).jsonb("p_receipts", &receipts).done().await
}

/// A receipt that Matrix is to be told of.
#[derive(Debug, Deserialize)]
pub struct DueReceipt {
    /// Its row, and the number that it stood at.
    #[serde(flatten)]
    pub place: ReceiptPlace,
    /// Who has read.
    pub member_id: EntityId,
    /// The room.
    pub room_id: String,
    /// Up to which event; `None` where none is left.
    pub event_id: Option<String>,
    /// The root of the thread that was read.
    pub thread_event_id: Option<String>,
    /// Whether nobody else is shown it.
    pub is_private: bool,
}

/// Names a receipt that was taken.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct ReceiptPlace {
    /// Its row.
    pub id: i64,
    /// The number that it stood at.
    pub seq: Seq,
}

/// Takes receipts that are due; for `seconds` nobody else gets them.
pub async fn claim_receipts(limit: i32, seconds: i32) -> Result<Vec<DueReceipt>, Error> {
    Call::of("claim_receipts").arg("p_limit", limit).arg("p_seconds", seconds).json().await
}

/// There is nothing more to be done about these.
pub async fn end_receipts(receipts: &[ReceiptPlace]) -> Result<(), Error> {
    Call::of("end_receipts").jsonb("p_receipts", &receipts).done().await
}
