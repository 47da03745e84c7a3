//! `m.reaction`: a reaction to a message.

use crate::event::{Event, is_id};
use messaging_core::ids::EntityId;
use messaging_core::matrix;
use messaging_core::text::clean_line;
use messaging_edge::index::Error;
use messaging_edge::index::reactions::{RecordReaction, record_reaction};
use serde_json::Value;

/// More than any id has bytes, so that what is too long is skipped as such and not cut.
const MAX_EMOJI_CHARACTERS: usize = 256;

pub async fn apply(event: &Event, reactor_id: &EntityId) -> Result<(), Error> {
    let Some(("m.annotation", target_event_id)) = matrix::relation(&event.content) else { return Ok(()) };
    let emoji = event.content.pointer("/m.relates_to/key").and_then(Value::as_str).unwrap_or("");
    // A reaction that nobody can see is none.
    let Some(emoji) = clean_line(emoji, MAX_EMOJI_CHARACTERS) else { return Ok(()) };
    if !is_id(target_event_id) || !is_id(&emoji) {
        return Ok(());
    }
    record_reaction(RecordReaction {
        room_id: &event.room_id,
        target_event_id,
        event_id: &event.event_id,
        reactor_id,
        reactor_matrix_id: &event.sender,
        emoji: &emoji,
        is_pushed: true,
        sent_at: Some(&event.changed_at()),
    })
    .await
    .map(|_| ())
}
