//! A deleted message leaves the room's list of pinned ones.

use crate::Problem;
use crate::gateway::Gateway;

/// Takes the message out of the list as the bot, whoever deleted it. A gateway that cannot, and a room that does not let the
/// bot, leave it there: it is shown nowhere here.
pub async fn unpin(gateway: &Gateway, room_id: &str, event_id: &str) -> Result<(), Problem> {
    match gateway.set_pinned(room_id, event_id, false, None).await {
        Err(problem) if problem.is_gateway_lacks() || problem.status.is_client_error() => Ok(()),
        unpinned => unpinned.map(|_| ()),
    }
}
