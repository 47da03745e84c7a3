//! Who types: `migrations/functions/typing/`.

use super::Error;
use super::call::Call;
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, EntityId};
use serde::Deserialize;

/// What is left to do when somebody types or has stopped.
#[derive(Debug, Deserialize)]
pub struct LeftOfTyping {
    /// The channel's room.
    pub room_id: String,
    /// The homeserver is to be told.
    pub must_tell: bool,
}

/// The caller types, for 10 seconds, or has stopped: the channel's sockets are told.
pub async fn set_typing(caller: &Caller, channel_id: ChannelId, is_typing: bool) -> Result<LeftOfTyping, Error> {
    Call::of("set_typing").caller(caller).arg("p_channel_id", channel_id).arg("p_is_typing", is_typing).json().await
}

/// A member and whether they type.
#[derive(Debug, Deserialize)]
pub struct FoundTypist {
    /// The channel's room.
    pub room_id: String,
    /// They type at this moment.
    pub is_typing: bool,
}

/// Whether a member types.
pub async fn find_typist(channel_id: ChannelId, member_id: &EntityId) -> Result<FoundTypist, Error> {
    Call::of("find_typist").arg("p_channel_id", channel_id).arg("p_member_id", member_id).json().await
}

/// Who types in a room at the moment, as the homeserver says it: everybody who does.
pub async fn announce_typing(room_id: &str, member_ids: Vec<String>) -> Result<(), Error> {
    Call::of("announce_typing").arg("p_room_id", room_id).arg("p_member_ids", member_ids).done().await
}
