//! Server frames, each serialised once for all sockets: by the relay that publishes, or from the log.

mod ephemeral;

pub use ephemeral::EphemeralFrame;

use crate::event::Event;
use bytes::Bytes;
use messaging_core::event::{AccessEffect, EventType, Seq};
use messaging_core::ids::{ChannelId, EntityId};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use tungstenite::Utf8Bytes;
use uuid::Uuid;

/// The type of an event that clients see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameType<'a> {
    /// One that this relay knows.
    Known(EventType),
    /// One that a newer version of the service has written, by its text. Its frame has the members of every frame and
    /// no others, so that the channel's numbers have no hole, and nothing goes out that nobody has decided to show.
    Newer(&'a str),
}

impl<'a> FrameType<'a> {
    /// The type of the event on `subject`; `None` when clients get no frame of it.
    pub fn of_subject(subject: &'a str) -> Option<Self> {
        match EventType::from_subject(subject) {
            Some(event) => event.frame_members().map(|_| Self::Known(event)),
            None => subject.strip_prefix("messaging.").map(Self::Newer),
        }
    }

    fn text(self) -> &'a str {
        match self {
            Self::Known(event) => event.text(),
            Self::Newer(text) => text,
        }
    }

    fn members(self) -> &'static [&'static str] {
        match self {
            Self::Known(event) => event.frame_members().unwrap_or_default(),
            Self::Newer(_) => &[],
        }
    }

    fn concerns(self, frame: &str) -> Option<EntityId> {
        match self {
            Self::Known(event) => event.concerns(frame),
            Self::Newer(_) => None,
        }
    }

    fn access_effect(self, frame: &str) -> AccessEffect {
        match self {
            Self::Known(event) => event.access_effect(frame),
            Self::Newer(_) => AccessEffect::Everybody,
        }
    }
}

/// The frame of an event.
#[derive(Debug, Clone)]
pub struct LoggedFrame {
    /// The channel.
    pub channel: ChannelId,
    /// The event's number in its channel.
    pub seq: Seq,
    /// Whose access has to be checked again.
    pub access_effect: AccessEffect,
    /// Whose membership the event is about.
    pub concerns: Option<EntityId>,
    /// Whether it ended that membership.
    pub ends_membership: bool,
    /// The JSON text.
    pub text: Utf8Bytes,
    /// When its event was written ([`Event::written_ms`]); `None` from a relay that does not say.
    pub written_ms: Option<i64>,
}

impl LoggedFrame {
    /// Serialises an event of type `frame_type`. Fails only on a payload that is not a JSON object.
    pub fn of_event(event: &Event, frame_type: FrameType<'_>) -> serde_json::Result<Self> {
        let payload: BTreeMap<String, &RawValue> = serde_json::from_str(&event.payload)?;
        let text = serde_json::to_string(&Body { event, frame_type, payload: &payload })?;
        Ok(Self { written_ms: Some(event.written_ms), ..Self::new(event.channel, event.seq, frame_type, text.into()) })
    }

    /// The same of an event whose frame carries the message alone, with the message as the database has written it.
    pub fn of_message(event: &Event, frame_type: FrameType<'_>, message: &str) -> Self {
        let text = format!(
            r#"{{"type":"{}","event_id":"{}","channel_id":"{}","seq":{},"message":{message}}}"#,
            frame_type.text(),
            event.event_id,
            event.channel,
            event.seq
        );
        Self { written_ms: Some(event.written_ms), ..Self::new(event.channel, event.seq, frame_type, text.into()) }
    }

    /// Takes a frame that another relay has serialised from an event on `subject`. `None` when the subject has no
    /// frame, or the frame is not UTF-8.
    pub fn received(channel: ChannelId, seq: Seq, subject: &str, text: Bytes) -> Option<Self> {
        let frame_type = FrameType::of_subject(subject)?;
        let text = Utf8Bytes::try_from(text).ok()?;
        Some(Self::new(channel, seq, frame_type, text))
    }

    /// The event's own id, by which it is told from another one that had its number before the database was restored from a
    /// copy.
    pub fn event_id(&self) -> Option<Uuid> {
        #[derive(Deserialize)]
        struct Event {
            event_id: Uuid,
        }
        serde_json::from_str(&self.text).ok().map(|Event { event_id }| event_id)
    }

    fn new(channel: ChannelId, seq: Seq, frame_type: FrameType<'_>, text: Utf8Bytes) -> Self {
        let (access_effect, concerns) = (frame_type.access_effect(&text), frame_type.concerns(&text));
        let ends_membership = matches!(frame_type, FrameType::Known(EventType::MemberLeft | EventType::MemberKicked));
        Self { channel, seq, access_effect, concerns, ends_membership, text, written_ms: None }
    }
}

/// The members of a logged frame.
struct Body<'a> {
    event: &'a Event,
    frame_type: FrameType<'a>,
    payload: &'a BTreeMap<String, &'a RawValue>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.frame_type.text())?;
        map.serialize_entry("event_id", &self.event.event_id)?;
        map.serialize_entry("channel_id", &self.event.channel)?;
        map.serialize_entry("seq", &self.event.seq)?;
        for member in self.frame_type.members() {
            if let Some(value) = self.payload.get(*member) {
                map.serialize_entry(member, value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
impl LoggedFrame {
    /// A frame of the channel with the id 0 that changes nobody's access.
    pub fn example(seq: Seq, text: &str) -> Self {
        let channel = ChannelId(uuid::Uuid::nil());
        let access_effect = AccessEffect::Nobody;
        Self {
            channel,
            seq,
            access_effect,
            concerns: None,
            ends_membership: false,
            text: text.into(),
            written_ms: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn event(subject: &str, payload: &Value) -> Event {
        Event {
            id: 7,
            generation: 0,
            event_id: Uuid::from_u128(1),
            channel: ChannelId(Uuid::from_u128(2)),
            seq: 3,
            subject: subject.to_owned(),
            payload: payload.to_string(),
            written_ms: 5,
            request_id: None,
            personal: None,
        }
    }

    fn frame(subject: &str, payload: &Value) -> (LoggedFrame, Value) {
        let event = event(subject, payload);
        let frame = LoggedFrame::of_event(&event, FrameType::of_subject(subject).unwrap()).unwrap();
        let json = serde_json::from_str(&frame.text).unwrap();
        (frame, json)
    }

    #[test]
    fn a_message_frame_carries_the_message_and_nothing_twice() {
        let payload = json!({"seq": 3, "message_id": "x", "preview": "hi", "message": {"id": "x", "text": "ї\n"}});
        let (frame, json) = frame("messaging.message.created", &payload);
        assert_eq!(
            json,
            json!({"type": "message.created", "event_id": Uuid::from_u128(1), "channel_id": Uuid::from_u128(2),
                   "seq": 3, "message": {"id": "x", "text": "ї\n"}})
        );
        assert!(frame.text.starts_with(r#"{"type":"message.created","#));
        assert_eq!(frame.access_effect, AccessEffect::Nobody);
        assert_eq!(frame.event_id(), Some(Uuid::from_u128(1)));
    }

    #[test]
    fn a_message_that_is_at_hand_makes_the_same_frame() {
        let message = json!({"id": "x", "text": "ї\n"});
        for subject in ["messaging.message.created", "messaging.message.updated", "messaging.message.deleted"] {
            let event = event(subject, &json!({"preview": "hi", "message": message}));
            let frame_type = FrameType::of_subject(subject).unwrap();
            let whole = LoggedFrame::of_event(&event, frame_type).unwrap();
            let made = LoggedFrame::of_message(&event, frame_type, &message.to_string());
            assert_eq!((made.text, made.seq, made.written_ms), (whole.text, whole.seq, whole.written_ms));
        }
    }

    #[test]
    fn other_frames_carry_the_members_that_their_type_names() {
        let payload = json!({"seq": 9, "type": "odd", "member_id": "user:bob", "role": "member", "unknown": 1});
        let (_, json) = frame("messaging.member.joined", &payload);
        assert_eq!(
            json,
            json!({"type": "member.joined", "event_id": Uuid::from_u128(1), "channel_id": Uuid::from_u128(2),
                   "seq": 3, "member_id": "user:bob", "role": "member"})
        );
    }

    #[test]
    fn an_event_of_a_newer_version_keeps_its_number_and_shows_nothing() {
        let (frame, json) = frame("messaging.pin.added", &json!({"message_id": "x", "secret": true}));
        assert_eq!(
            json,
            json!({"type": "pin.added", "event_id": Uuid::from_u128(1), "channel_id": Uuid::from_u128(2), "seq": 3})
        );
        assert_eq!(frame.access_effect, AccessEffect::Everybody);
    }

    #[test]
    fn a_payload_that_is_no_object_is_an_error() {
        let event = event("messaging.message.created", &json!([1]));
        assert!(LoggedFrame::of_event(&event, FrameType::Known(EventType::MessageCreated)).is_err());
    }

    #[test]
    fn integration_events_have_no_frame() {
        for subject in ["integration.matrix.message", "integration.newer", "messaging"] {
            assert_eq!(FrameType::of_subject(subject), None);
        }
    }

    #[test]
    fn a_received_frame_is_passed_on_byte_for_byte() {
        let subject = "messaging.member.kicked";
        let (made, _) = frame(subject, &json!({"member_id": "user:bob"}));
        let bytes = Bytes::copy_from_slice(made.text.as_bytes());
        let received = LoggedFrame::received(made.channel, 3, subject, bytes).unwrap();
        assert_eq!(received.text, made.text);
        assert_eq!(received.access_effect, made.access_effect);
        assert_eq!(received.concerns.unwrap().as_str(), "user:bob");
        assert!(matches!(received.access_effect, AccessEffect::Member(_)));
        assert!(LoggedFrame::received(made.channel, 3, subject, Bytes::from_static(b"\xff")).is_none());
        assert!(LoggedFrame::received(made.channel, 3, "x", Bytes::new()).is_none());
    }
}
