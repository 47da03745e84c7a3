//! Room upgrades: the channel follows the replacement room, as soon as the bot is in it.

use crate::index::{Event, is_id, text};
use messaging_core::ids::EntityId;
use messaging_core::matrix;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, settings, store};
use serde::Deserialize;

#[derive(Deserialize)]
struct Upgrade {
    /// The replacement of a channel's room is waited for.
    pending: bool,
}

/// `m.room.tombstone`: the room has ended (Matrix client-server API, "Room upgrades").
pub async fn tombstone(event: &Event, sender: &EntityId) -> Result<(), Problem> {
    let Some(replacement) = matrix::text(&event.content, "replacement_room").filter(|id| is_id(id)) else {
        return Ok(());
    };
    let parameters = vec![text(&event.room_id), text(replacement), text(sender.as_str())];
    store::call_raw("record_tombstone", parameters).await?;
    follow(replacement).await
}

/// The bot was invited to a room: to a replacement, it may be.
pub async fn bot_invited(event: &Event) -> Result<(), Problem> {
    match matrix::text(&event.content, "membership") {
        Some("invite" | "join") => follow(&event.room_id).await,
        _ => Ok(()),
    }
}

/// Joins the bot to a replacement room and moves the channel there. While the bot may not join, the channel waits.
async fn follow(replacement: &str) -> Result<(), Problem> {
    let upgrade: Upgrade = store::call("find_upgrade", vec![text(replacement)]).await?;
    if !upgrade.pending {
        return Ok(());
    }
    let bot = settings::required("matrix_bot_localpart").await?;
    let gateway = Gateway::from_settings().await?;
    gateway.join(replacement, &format!("@{bot}:{}", gateway.server_name)).await?;
    store::call_raw("follow_upgrade", vec![text(replacement)]).await.map(|_| ())
}
