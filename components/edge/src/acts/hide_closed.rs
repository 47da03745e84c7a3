//! What leads strangers to a closed room.

use crate::gateway::Gateway;
use crate::index::requests::{Intent, drop_intent};
use crate::{Problem, log};
use messaging_core::channel::Visibility;
use messaging_core::ids::{ChannelId, EntityId};

/// A channel that is not public, and its room.
pub struct ClosedRoom<'a> {
    /// The channel.
    pub channel_id: ChannelId,
    /// Its room.
    pub room_id: &'a str,
    /// Who may see it.
    pub visibility: Visibility,
}

/// Takes the room out of the homeserver's list, and its alias if it is private. The note of `actor`'s change, which may have left
/// it there, goes; where the homeserver fails it stays, and the channel's next comparison with its room does it.
pub async fn hide_closed(
    gateway: &Gateway,
    actor: &EntityId,
    at: ClosedRoom<'_>,
    request_id: &str,
) -> Result<(), Problem> {
    let keeps_alias = at.visibility == Visibility::Microdao;
    match gateway.hide_closed_room(at.room_id, keeps_alias).await {
        // It would be for ever.
        Err(problem) if problem.status.is_client_error() || problem.is_gateway_lacks() => {
            log::error(request_id, &format!("the closed room {} may stay listed: {problem}", at.room_id));
        }
        hidden => hidden?,
    }
    let intent = Intent { channel_id: at.channel_id, act: "visibility", target_id: "channel" };
    Ok(drop_intent(actor, intent).await?)
}
