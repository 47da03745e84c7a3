//! A room's name, topic, picture and encryption.

use crate::event::Event;
use messaging_core::matrix;
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{RecordRoomState, Sender, record_encryption, record_room_state};

/// What a channel's fields may hold, in characters.
const MAX_NAME: usize = 255;
const MAX_TOPIC: usize = 500;

pub async fn name(event: &Event, sender: &Sender) -> Result<(), Error> {
    field(event, sender, "name", "name", MAX_NAME).await
}

pub async fn topic(event: &Event, sender: &Sender) -> Result<(), Error> {
    field(event, sender, "topic", "topic", MAX_TOPIC).await
}

pub async fn avatar(event: &Event, sender: &Sender) -> Result<(), Error> {
    field(event, sender, "url", "avatar_url", MAX_NAME).await
}

/// Encryption is switched on once and for all (Matrix client-server API, "m.room.encryption").
pub async fn encryption(event: &Event, sender: &Sender) -> Result<(), Error> {
    match matrix::text(&event.content, "algorithm") {
        Some(_) => record_encryption(&event.room_id, sender).await,
        None => Ok(()),
    }
}

async fn field(event: &Event, sender: &Sender, key: &str, field: &str, max: usize) -> Result<(), Error> {
    let Some(changed_at) = event.sent_at() else { return Ok(()) };
    let value = matrix::text(&event.content, key);
    let value = value.map(|value| value.replace('\0', "").chars().take(max).collect::<String>());
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
