//! Room upgrades: the channel follows the replacement room, as soon as the bot is in it.

use crate::event::{Event, Here, is_id};
use crate::{join_rule, state};
use messaging_core::ids::EntityId;
use messaging_core::matrix;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{Order, find_upgrade, follow_upgrade, record_tombstone};
use messaging_edge::{Problem, log};

/// `m.room.tombstone`: the room has ended (Matrix client-server API, "Room upgrades").
pub async fn tombstone(event: &Event, sender_id: &EntityId, here: &Here) -> Result<(), Error> {
    let replacement = matrix::text(&event.content, "replacement_room").filter(|id| is_id(id));
    let Some(replacement) = replacement else { return Ok(()) };
    record_tombstone(&event.room_id, replacement, sender_id).await?;
    follow(replacement, here).await
}

/// The bot was invited to a room, which may be a replacement.
pub async fn bot_invited(event: &Event, here: &Here) -> Result<(), Error> {
    match matrix::text(&event.content, "membership") {
        Some("invite" | "join") => follow(&event.room_id, here).await,
        _ => Ok(()),
    }
}

/// Joins the bot to a replacement room and moves the channel there, when that room says that it replaces the channel's.
/// While the bot may not join, the channel waits.
async fn follow(replacement: &str, here: &Here) -> Result<(), Error> {
    let upgrade = find_upgrade(replacement).await?;
    let Some(old) = upgrade.predecessor_room_id else { return Ok(()) };
    let gateway = Gateway::from_settings().await?;
    if !gateway.join_named(replacement, &here.bot).await? {
        return Ok(());
    }
    // Only the homeserver that made the room wrote this; a tombstone can name any room.
    if gateway.predecessor(replacement).await?.as_deref() == Some(old.as_str()) {
        // First: when this fails, the event comes again and finds the channel still waiting.
        ban_all(&gateway, replacement, &upgrade.banned, here).await?;
        // What was pushed of the room while it was nobody's decides who may read from the first moment on, and has what is
        // pinned.
        let mut pushed = Vec::new();
        for event_type in ["m.room.history_visibility", "m.room.join_rules", "m.room.pinned_events"] {
            pushed.extend(state::now(replacement, event_type).await?);
        }
        let followed = follow_upgrade(replacement, &old, pushed.iter().any(join_rule::closes)).await?;
        if followed.has_closed {
            join_rule::close(replacement, false, here).await?;
        }
        for event in &pushed {
            state::settle(event, here, Order::Unsure).await?;
        }
        let mut banned = followed.banned;
        banned.retain(|id| !upgrade.banned.contains(id));
        ban_all(&gateway, replacement, &banned, here).await?;
    }
    Ok(())
}

/// Who gets in all the same is banned when the homeserver tells of the join.
async fn ban_all(gateway: &Gateway, room_id: &str, banned: &[String], here: &Here) -> Result<(), Problem> {
    for id in banned {
        match gateway.ban(room_id, id, None).await {
            // The bot may not, and the next one may be another matter.
            Err(problem) if problem.status.is_client_error() => {
                log::info(&here.request_id, &format!("{id} is not banned in the new room: {problem}"));
            }
            done => drop(done?),
        }
    }
    Ok(())
}
