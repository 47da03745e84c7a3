//! Pinned messages: `migrations/functions/pins/`.

use super::Error;
use super::call::Call;
use super::rooms::Recorded;
use messaging_core::auth::Caller;
use messaging_core::ids::EntityId;
use messaging_core::paths::{ChannelPath, MessagePath};
use messaging_core::rate_limit::Class;
use serde::{Deserialize, Serialize};
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

/// What is known of the room's list after a message has come into it, or has left it.
#[derive(Clone, Copy)]
pub enum List<'a> {
    /// That it was written.
    Told,
    /// That the room has this one, as the homeserver says, which was asked on behalf of this version.
    Now(&'a str, &'a ListNow),
    /// Nothing more: the homeserver cannot be asked.
    Clock,
}

/// A list as a room has it.
#[derive(Serialize)]
pub struct ListNow {
    /// The room.
    pub room_id: String,
    /// The list's event.
    pub event_id: String,
    /// The pinned events.
    pub event_ids: Vec<String>,
    /// Who wrote it.
    pub sender_id: EntityId,
    /// Whether that is the bot, which acts for somebody else.
    pub by_bot: bool,
}

/// After it; `event_id` is the message's, `state_event_id` the list's. Gives the version on behalf of which the homeserver has
/// to be asked for the list, if it has to: then nothing was recorded.
pub async fn record_pin(
    caller: &Caller,
    at: MessagePath,
    event_id: &str,
    is_pinned: bool,
    state_event_id: &str,
    list: List<'_>,
) -> Result<Option<String>, Error> {
    let call = Call::of("record_pin")
        .arg("p_channel_id", at.channel_id)
        .arg("p_caller", caller.id())
        .arg("p_event_id", event_id)
        .arg("p_is_pinned", is_pinned)
        .arg("p_state_event_id", state_event_id);
    let call = match list {
        List::Told => call.arg("p_order", "told"),
        List::Clock => call.arg("p_order", "clock"),
        List::Now(version, list) => call.arg("p_order", "now").arg("p_version", version).jsonb("p_list", list),
    };
    Ok(call.json_if_any::<Recorded>().await?.and_then(|recorded| recorded.ask_version))
}
