//! Opening an archived channel again.

use crate::acts::intended;
use crate::gateway::Gateway;
use crate::index::Document;
use crate::index::channels::record_reopening;
use crate::index::requests::Intent;
use crate::{Problem, log};
use messaging_core::auth::Caller;
use messaging_core::ids::ChannelId;

/// Opens the room and then the channel, whose opening is prepared. Gives the channel.
pub async fn reopen(
    caller: &Caller,
    channel_id: ChannelId,
    room_id: &str,
    request_id: &str,
) -> Result<Document, Problem> {
    let gateway = Gateway::from_settings().await?;
    let intent = Intent { channel_id, act: "reopen", target_id: "channel" };
    match gateway.set_read_only(room_id, caller.id(), false).await {
        // Then it was not closed either.
        Err(problem) if problem.is_gateway_lacks() => {
            log::info(request_id, &format!("the room of the channel is as it was: {problem}"));
        }
        opened => intended(caller, intent, async { opened }).await?,
    }
    Ok(record_reopening(caller, channel_id).await?)
}
