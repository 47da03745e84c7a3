//! Coming into a channel by oneself, for whatever reason.

use crate::gateway::Gateway;
use crate::index::members::record_join;
use crate::{index, log};
use messaging_core::auth::Caller;
use messaging_core::ids::ChannelId;

/// Joins the caller, whom a `prepare_…` function has let in; gives the member's row.
///
/// The index decides again when it records: the channel may have been closed meanwhile. Then the caller is taken out of
/// the room again and refused, before they have said anything in it.
pub async fn enter(
    caller: &Caller,
    channel_id: ChannelId,
    room_id: &str,
    gateway: &Gateway,
) -> Result<index::Document, index::Error> {
    let asked_at = log::now();
    let matrix_id = gateway.matrix_id(caller.id());
    gateway.join(room_id, &matrix_id).await?;
    let member = record_join(caller, channel_id, &matrix_id, &asked_at).await;
    if let Err(index::Error::Refused(_)) = member {
        gateway.leave(room_id, &matrix_id).await?;
    }
    member
}
