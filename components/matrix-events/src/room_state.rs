//! A room's name, topic, picture and encryption.

use crate::event::Event;
use messaging_core::matrix;
use messaging_core::text::{clean_line, is_mxc};
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{RecordRoomState, Sender, record_encryption, record_room_state};

/// What a channel's fields may hold, in characters.
const MAX_NAME: usize = 255;
const MAX_TOPIC: usize = 500;

/// Another server is not refused: of what it tells, what a channel's field may hold is taken.
pub async fn name(event: &Event, sender: &Sender) -> Result<(), Error> {
    let name = matrix::text(&event.content, "name").and_then(|name| clean_line(name, MAX_NAME));
    field(event, sender, "name", name).await
}

pub async fn topic(event: &Event, sender: &Sender) -> Result<(), Error> {
    let topic = matrix::text(&event.content, "topic").and_then(|topic| clean_line(topic, MAX_TOPIC));
    field(event, sender, "topic", topic).await
}

/// What is no `mxc://` address is no picture.
pub async fn avatar(event: &Event, sender: &Sender) -> Result<(), Error> {
    let url = matrix::text(&event.content, "url").filter(|url| is_mxc(url)).map(str::to_owned);
    field(event, sender, "avatar_url", url).await
}

/// Encryption is switched on once and for all (Matrix client-server API, "m.room.encryption").
pub async fn encryption(event: &Event, sender: &Sender) -> Result<(), Error> {
    match matrix::text(&event.content, "algorithm") {
        Some(_) => record_encryption(&event.room_id, sender).await,
        None => Ok(()),
    }
}

async fn field(event: &Event, sender: &Sender, field: &str, value: Option<String>) -> Result<(), Error> {
    let Some(changed_at) = event.sent_at() else { return Ok(()) };
    record_room_state(RecordRoomState {
        room_id: &event.room_id,
        event_type: &event.event_type,
        field,
        value: value.as_deref(),
        sender,
        changed_at: &changed_at,
    })
    .await
}
