//! `m.room.pinned_events`: the room's list of pinned events (client-server API, "Server-side pinned messages").

use crate::event::Event;
use messaging_core::matrix::pinned_events;
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{Order, Sender, record_pinned_events};

/// Follows the list; the index keeps the last of it.
pub async fn record(event: &Event, sender: &Sender, order: Order<'_>) -> Result<Option<String>, Error> {
    let changed_at = event.changed_at();
    let recorded = record_pinned_events(event.state(sender, &changed_at, order), pinned_events(&event.content)).await?;
    Ok(recorded.ask_version)
}
