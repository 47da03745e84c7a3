//! An event as the outbox holds it.

use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use tokio_postgres::Row;
use uuid::Uuid;

/// A row of `public.outbox`.
#[derive(Debug, Clone)]
pub struct Event {
    /// The row's id, and the event's `Nats-Msg-Id`.
    pub id: i64,
    /// Names the event for its consumers.
    pub event_id: Uuid,
    /// The channel.
    pub channel: ChannelId,
    /// The event's number in its channel.
    pub seq: Seq,
    /// The NATS subject: `messaging.…` or `integration.…`.
    pub subject: String,
    /// The JSON text that goes to NATS.
    pub payload: String,
}

impl Event {
    /// The columns that [`Event::from_row`] reads first, of `public.outbox` under the name `o`.
    pub const COLUMNS: &str = "o.id, o.event_id, o.channel_id, o.seq, o.subject, o.payload::text";

    /// Reads a row that begins with [`Event::COLUMNS`].
    pub fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            event_id: row.try_get(1)?,
            channel: ChannelId(row.try_get(2)?),
            seq: row.try_get(3)?,
            subject: row.try_get(4)?,
            payload: row.try_get(5)?,
        })
    }
}
