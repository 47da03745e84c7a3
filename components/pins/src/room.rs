//! The list of pinned events as the room has it.

use messaging_core::ids::EntityId;
use messaging_core::matrix::{RoomEvent, is_id, pinned_events};
use messaging_edge::deadline::within;
use messaging_edge::gateway::{Gateway, StateNow};
use messaging_edge::index::pins::ListNow;
use messaging_edge::{Problem, settings};
use std::time::Duration;

/// How long the homeserver may take.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// `None` where the gateway cannot say it.
pub async fn list_now(room_id: &str, gateway: &Gateway) -> Result<Option<ListNow>, Problem> {
    let answer = within(ANSWER_TIME, gateway.state_now(room_id, "m.room.pinned_events", "")).await;
    let slow = || Problem::homeserver_timeout("no answer what is pinned");
    let StateNow::Event(text) = answer.ok_or_else(slow)?? else { return Ok(None) };
    let event: RoomEvent = messaging_core::json::from_str(text.get()).map_err(Problem::homeserver_failed)?;
    let bot = format!("@{}:{}", settings::required("matrix_bot_localpart").await?, gateway.server_name());
    let event_ids = pinned_events(&event.content().unwrap_or_default());
    let (Some(event_id), Some(sender)) = (event.event_id.filter(|id| is_id(id)), event.sender) else { return Ok(None) };
    let Ok(sender_id) = EntityId::from_matrix_user_id(&sender, gateway.server_name()) else { return Ok(None) };
    Ok(Some(ListNow { room_id: room_id.to_owned(), event_id, event_ids, sender_id, by_bot: sender == bot }))
}
