//! An event as the outbox holds it.

use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use tokio_postgres::Row;
use uuid::Uuid;

/// A row of `public.outbox`.
#[derive(Debug, Clone)]
pub struct Event {
    /// The row's id.
    pub id: i64,
    /// The generation of its message id; 0 unless its plain id may be known to NATS already.
    pub generation: i64,
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
    /// When the statement that wrote it began, in milliseconds since 1970 by the database's clock.
    pub written_ms: i64,
    /// The request that wrote it, where one did that says so.
    pub request_id: Option<String>,
    /// What one person is told with it, where that is still of use: the publisher alone reads it.
    pub personal: Option<String>,
}

impl Event {
    /// The columns that [`Event::from_row`] reads first, of `public.outbox` under the name `o`.
    pub const COLUMNS: &str = "o.id, o.event_id, o.channel_id, o.seq, o.subject, o.payload::text,
        (date_part('epoch', o.created_at) * 1000)::bigint, o.request_id";
    /// How many these are.
    pub const WIDTH: usize = 8;
    /// The payload among them.
    pub const PAYLOAD: &str = "o.payload::text";

    /// Reads a row that begins with [`Event::COLUMNS`].
    pub fn from_row(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            id: row.try_get(0)?,
            generation: 0,
            event_id: row.try_get(1)?,
            channel: ChannelId(row.try_get(2)?),
            seq: row.try_get(3)?,
            subject: row.try_get(4)?,
            payload: row.try_get(5)?,
            written_ms: row.try_get(6)?,
            request_id: row.try_get(7)?,
            personal: None,
        })
    }

    /// The event's `Nats-Msg-Id`: the row's id, and behind a dot the generation, if it is not the first one.
    pub fn message_id(&self) -> String {
        match self.generation {
            0 => self.id.to_string(),
            generation => format!("{}.{generation}", self.id),
        }
    }

    /// The row's id in a message id.
    pub fn row_id(message_id: &str) -> Option<i64> {
        message_id.split_once('.').map_or(message_id, |(id, _)| id).parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_the_rows_id_and_later_its_generation_too() {
        let (event_id, channel) = (Uuid::nil(), ChannelId(Uuid::nil()));
        let (subject, payload) = (String::new(), String::new());
        let event = Event {
            id: 1041,
            generation: 0,
            event_id,
            channel,
            seq: 1,
            subject,
            payload,
            written_ms: 0,
            request_id: None,
            personal: None,
        };
        assert_eq!(event.message_id(), "1041");
        let again = Event { generation: 1_764_106_800, ..event };
        assert_eq!(again.message_id(), "1041.1764106800");
        assert_eq!([Event::row_id("1041"), Event::row_id(&again.message_id())], [Some(1041); 2]);
        assert_eq!(Event::row_id("somebody else's"), None);
    }
}
