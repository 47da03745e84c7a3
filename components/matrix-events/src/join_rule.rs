//! `m.room.join_rules`: who may come into a room by themselves.

use crate::event::Event;
use messaging_core::matrix;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{Order, Sender, record_join_rule};

/// Everybody may, or else not everybody: whom further rules let in is between Matrix and them.
pub async fn record(event: &Event, sender: &Sender, order: Order<'_>) -> Result<Option<String>, Error> {
    let Some(rule) = matrix::text(&event.content, "join_rule") else { return Ok(None) };
    let recorded = record_join_rule(event.state(sender, &event.changed_at(), order), rule == "public").await?;
    if recorded.must_close {
        Gateway::from_settings().await?.close_to_strangers(&event.room_id).await?;
    }
    Ok(recorded.ask_version)
}
