//! An event as the outbox holds it, and the WebSocket frame that it becomes.

use axum::extract::ws::Utf8Bytes;
use bytes::Bytes;
use messaging_core::ids::ChannelId;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tokio_postgres::Row;
use uuid::Uuid;

/// A channel's number of an event: 1, 2, 3, … without a hole.
pub type Seq = i64;

/// What stands before the type of an event that clients see.
pub const SUBJECT_PREFIX: &str = "messaging.";

/// A row of `outbox`.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its place in the outbox, and its `Nats-Msg-Id`.
    pub id: i64,
    /// Names the event for its consumers.
    pub event_id: Uuid,
    /// The channel it belongs to.
    pub channel: ChannelId,
    /// Its number there.
    pub seq: Seq,
    /// `messaging.…` or `integration.…`.
    pub subject: String,
    /// JSON, as it goes to NATS.
    pub payload: String,
}

impl Event {
    /// What a statement has to select for [`Event::from_row`].
    pub const COLUMNS: &str = "o.id, o.event_id, o.channel_id, o.seq, o.subject, o.payload::text";

    /// Reads a row of [`Event::COLUMNS`].
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

    /// The event's type (`message.created`) when it is one that clients see.
    pub fn kind(&self) -> Option<&str> {
        self.subject.strip_prefix(SUBJECT_PREFIX)
    }
}

/// Whose right to read an event may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Affects {
    /// Nobody's.
    Nobody,
    /// That of the member with this id.
    Member(String),
    /// That of agents: they hold no keys, and lose a channel that becomes encrypted.
    Agents,
    /// Everybody's.
    Everyone,
}

/// A server frame, serialised once for all sockets.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The channel.
    pub channel: ChannelId,
    /// The event's number there.
    pub seq: Seq,
    /// Whose access has to be checked again.
    pub affects: Affects,
    /// The JSON text.
    pub text: Utf8Bytes,
}

impl Frame {
    /// Makes the frame of an event of type `kind`. Fails only on a payload that is no JSON object.
    pub fn of_event(event: &Event, kind: &str) -> serde_json::Result<Self> {
        let payload: BTreeMap<String, &RawValue> = serde_json::from_str(&event.payload)?;
        let message = payload.get("message").copied().filter(|_| kind.starts_with("message."));
        let text = serde_json::to_string(&Body { event, kind, message, payload: &payload })?;
        Ok(Self { channel: event.channel, seq: event.seq, affects: affects(kind, &text), text: text.into() })
    }

    /// Takes a frame that another relay has made. `None` when it is no text.
    pub fn received(channel: ChannelId, seq: Seq, kind: &str, text: Bytes) -> Option<Self> {
        let text = Utf8Bytes::try_from(text).ok()?;
        Some(Self { channel, seq, affects: affects(kind, &text), text })
    }
}

/// The frame's fields: the message alone where there is one, else the whole payload.
struct Body<'a> {
    event: &'a Event,
    kind: &'a str,
    message: Option<&'a RawValue>,
    payload: &'a BTreeMap<String, &'a RawValue>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.kind)?;
        map.serialize_entry("event_id", &self.event.event_id)?;
        map.serialize_entry("channel_id", &self.event.channel)?;
        map.serialize_entry("seq", &self.event.seq)?;
        if let Some(message) = self.message {
            map.serialize_entry("message", message)?;
        } else {
            let own = ["type", "event_id", "channel_id", "seq"];
            for (name, value) in self.payload.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// The fields that decide about access; those of other events do not matter.
#[derive(Deserialize)]
struct Access {
    member_id: Option<String>,
    visibility: Option<String>,
}

fn affects(kind: &str, text: &str) -> Affects {
    if !matches!(kind, "member.left" | "member.kicked" | "member.role_changed" | "channel.updated" | "channel.archived")
    {
        return Affects::Nobody;
    }
    match (kind, serde_json::from_str::<Access>(text)) {
        // People who could read before can read a public channel, too.
        ("channel.updated", Ok(access)) if access.visibility.as_deref() == Some("public") => Affects::Agents,
        ("member.left" | "member.kicked" | "member.role_changed", Ok(Access { member_id: Some(id), .. })) => {
            Affects::Member(id)
        }
        _ => Affects::Everyone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn event(subject: &str, payload: &Value) -> Event {
        Event {
            id: 7,
            event_id: Uuid::from_u128(1),
            channel: ChannelId(Uuid::from_u128(2)),
            seq: 3,
            subject: subject.to_owned(),
            payload: payload.to_string(),
        }
    }

    fn frame(subject: &str, payload: &Value) -> (Frame, Value) {
        let event = event(subject, payload);
        let frame = Frame::of_event(&event, event.kind().unwrap()).unwrap();
        let json = serde_json::from_str(&frame.text).unwrap();
        (frame, json)
    }

    #[test]
    fn a_message_event_carries_the_message_and_nothing_twice() {
        let payload = json!({"seq": 3, "message_id": "x", "preview": "hi", "message": {"id": "x", "text": "ї\n"}});
        let (frame, json) = frame("messaging.message.created", &payload);
        assert_eq!(
            json,
            json!({"type": "message.created", "event_id": Uuid::from_u128(1), "channel_id": Uuid::from_u128(2),
                   "seq": 3, "message": {"id": "x", "text": "ї\n"}})
        );
        assert!(frame.text.starts_with(r#"{"type":"message.created","#));
        assert_eq!(frame.affects, Affects::Nobody);
    }

    #[test]
    fn other_events_carry_their_whole_payload() {
        let payload = json!({"seq": 9, "type": "odd", "member_id": "user:bob", "role": "member"});
        let (_, json) = frame("messaging.member.joined", &payload);
        assert_eq!(
            json,
            json!({"type": "member.joined", "event_id": Uuid::from_u128(1), "channel_id": Uuid::from_u128(2),
                   "seq": 3, "member_id": "user:bob", "role": "member"})
        );
    }

    #[test]
    fn a_payload_that_is_no_object_is_an_error() {
        assert!(Frame::of_event(&event("messaging.message.created", &json!([1])), "message.created").is_err());
    }

    #[test]
    fn integration_events_are_not_for_clients() {
        assert_eq!(event("integration.matrix.message", &json!({})).kind(), None);
    }

    #[test]
    fn events_that_may_end_access_say_whose() {
        let kicked = frame("messaging.member.kicked", &json!({"member_id": "user:bob"})).0;
        assert_eq!(kicked.affects, Affects::Member("user:bob".to_owned()));
        assert_eq!(frame("messaging.member.left", &json!({})).0.affects, Affects::Everyone);
        assert_eq!(frame("messaging.member.joined", &json!({"member_id": "user:bob"})).0.affects, Affects::Nobody);
        assert_eq!(frame("messaging.channel.updated", &json!({"visibility": "public"})).0.affects, Affects::Agents);
        assert_eq!(frame("messaging.channel.updated", &json!({"visibility": "private"})).0.affects, Affects::Everyone);
        assert_eq!(frame("messaging.channel.archived", &json!({"visibility": "public"})).0.affects, Affects::Everyone);
    }

    #[test]
    fn a_received_frame_is_passed_on_byte_for_byte() {
        let (made, _) = frame("messaging.member.kicked", &json!({"member_id": "user:bob"}));
        let bytes = Bytes::copy_from_slice(made.text.as_bytes());
        let received = Frame::received(made.channel, 3, "member.kicked", bytes).unwrap();
        assert_eq!(received.text, made.text);
        assert_eq!(received.affects, made.affects);
        assert!(Frame::received(made.channel, 3, "x", Bytes::from_static(b"\xff")).is_none());
    }
}
