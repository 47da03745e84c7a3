//! Pinned messages: `migrations/functions/pins/`.

use super::Error;
use super::call::Call;
use messaging_core::auth::Caller;
use messaging_core::paths::{ChannelPath, MessagePath};
use messaging_core::rate_limit::Class;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The pinned messages of a channel, a JSON array.
pub async fn list_pins(caller: &Caller, at: ChannelPath) -> Result<Box<RawValue>, Error> {
    #[derive(Deserialize)]
    struct Listed {
        items: Box<RawValue>,
    }
    let call = Call::of("list_pins").caller(caller).arg("p_channel_id", at.channel_id);
    Ok(call.json::<Listed>().await?.items)
}

/// A change of the list that the caller may make.
#[derive(Debug, Deserialize)]
pub struct PreparedPin {
    /// The channel's room.
    pub room_id: String,
    /// The message's event.
    pub event_id: String,
    /// The list is so already.
    pub is_done: bool,
}

/// Before a message comes into the room's list, or leaves it.
pub async fn prepare_pin(caller: &Caller, at: MessagePath, is_pinned: bool) -> Result<PreparedPin, Error> {
    Call::of("prepare_pin")
        .caller(caller)
        .arg("p_channel_id", at.channel_id)
        .arg("p_message_id", at.message_id)
        .arg("p_is_pinned", is_pinned)
        .limited(Class::Manage, caller)
        .await
        .json()
        .await
}

/// After it; `event_id` is the message's, `state_event_id` the list's.
pub async fn record_pin(
    caller: &Caller,
    at: MessagePath,
    event_id: &str,
    is_pinned: bool,
    state_event_id: &str,
) -> Result<(), Error> {
    Call::of("record_pin")
        .arg("p_channel_id", at.channel_id)
        .arg("p_caller", caller.id())
        .arg("p_event_id", event_id)
        .arg("p_is_pinned", is_pinned)
        .arg("p_state_event_id", state_event_id)
        .done()
        .await
}
