//! `m.room.join_rules` and `m.room.history_visibility`: who may come into a room by themselves, and what strangers read.

use crate::event::{Event, Here};
use messaging_core::matrix;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{Order, Sender, record_history_visibility, record_join_rule};
use messaging_edge::log;

/// Everybody may, or else not everybody: whom further rules let in is between Matrix and them.
pub async fn record(event: &Event, sender: &Sender, here: &Here, order: Order<'_>) -> Result<Option<String>, Error> {
    let Some(rule) = matrix::text(&event.content, "join_rule") else { return Ok(None) };
    let recorded = record_join_rule(event.state(sender, &event.changed_at(), order), rule == "public").await?;
    if recorded.must_close {
        close(&event.room_id, recorded.keeps_alias, here).await?;
    }
    Ok(recorded.ask_version)
}

/// What the specification does not know is read as `shared`, as homeservers do.
pub async fn record_history(
    event: &Event,
    sender: &Sender,
    here: &Here,
    order: Order<'_>,
) -> Result<Option<String>, Error> {
    let told = matrix::text(&event.content, "history_visibility");
    let known = told.filter(|told| ["invited", "joined", "world_readable"].contains(told)).unwrap_or("shared");
    let recorded = record_history_visibility(event.state(sender, &event.changed_at(), order), known).await?;
    if recorded.must_close {
        close(&event.room_id, recorded.keeps_alias, here).await?;
    }
    Ok(recorded.ask_version)
}

/// Whether a room whose state this is lets no strangers in, or shows them nothing.
pub fn closes(event: &Event) -> bool {
    match event.event_type.as_str() {
        "m.room.join_rules" => matrix::text(&event.content, "join_rule").is_some_and(|rule| rule != "public"),
        "m.room.history_visibility" => {
            matches!(matrix::text(&event.content, "history_visibility"), Some("invited" | "joined"))
        }
        _ => false,
    }
}

/// Closes a room to strangers in Matrix; nothing leads to it any more but, if it `keeps_alias`, that.
pub async fn close(room_id: &str, keeps_alias: bool, here: &Here) -> Result<(), Error> {
    match Gateway::from_settings().await?.close_to_strangers(room_id, keeps_alias).await {
        // The index is right all the same, and the event would fail for ever: somebody has to close the room in Matrix.
        Err(problem) if problem.is_gateway_lacks() => {
            log::error(&here.request_id, &format!("the room {room_id} stays open: {problem}"));
            Ok(())
        }
        closed => Ok(closed?),
    }
}
