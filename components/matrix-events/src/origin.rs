//! What other homeservers send. Ours pushes it before it is known whether the room will have it.
//!
//! An event that its sender was allowed to send when they wrote it, but is not any more when it arrives, is kept out of the
//! room (Matrix server-server API, "Soft failure"): the message of somebody who was removed meanwhile, the kick by an admin
//! who was one. Synapse shows such an event to nobody, and pushes it to application services like any other.

use crate::event::{Event, Here};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;

/// Whether the room has an event. Of one that is our own homeserver's there is no doubt. Of the state that the index follows
/// it is mostly the state itself that is asked for (`state`); other state nobody asks about, and webhooks get it as it came.
pub async fn is_in_room(event: &Event, here: &Here) -> Result<bool, Error> {
    if here.is_own(&event.sender) {
        return Ok(true);
    }
    Ok(Gateway::from_settings().await?.shows(&event.room_id, &event.event_id).await?)
}
