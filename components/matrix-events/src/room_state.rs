//! A room's name, topic, picture and encryption.

use crate::event::Event;
use messaging_core::matrix;
use messaging_core::text::{clean_line, is_mxc};
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{Order, Sender, record_encryption, record_room_state};

/// What a channel's fields may hold, in characters.
const MAX_NAME: usize = 255;
const MAX_TOPIC: usize = 500;

/// Another server is not refused: of what it tells, what a channel's field may hold is taken. What is no `mxc://` address
/// is no picture.
pub async fn record(event: &Event, sender: &Sender, order: Order<'_>) -> Result<Option<String>, Error> {
    let text = |field: &str| matrix::text(&event.content, field);
    let (field, value) = match event.event_type.as_str() {
        "m.room.name" => ("name", text("name").and_then(|name| clean_line(name, MAX_NAME))),
        "m.room.topic" => ("topic", text("topic").and_then(|topic| clean_line(topic, MAX_TOPIC))),
        "m.room.avatar" => ("avatar_url", text("url").filter(|url| is_mxc(url)).map(str::to_owned)),
        _ => return Ok(None),
    };
    let changed_at = event.changed_at();
    let state = event.state(sender, &changed_at, order);
    Ok(record_room_state(state, &event.event_type, field, value.as_deref()).await?.ask_version)
}

/// Encryption is switched on once and for all (Matrix client-server API, "m.room.encryption").
pub async fn encryption(event: &Event, sender: &Sender) -> Result<(), Error> {
    match matrix::text(&event.content, "algorithm") {
        Some(_) => record_encryption(&event.room_id, sender).await,
        None => Ok(()),
    }
}
