//! The subjects on which relays pass frames to each other.
//!
//! They are outside `messaging.>` and thus kept nowhere. A relay subscribes only to the channels of its own sockets.

use crate::live::frame::{EphemeralFrame, LoggedFrame};
use async_nats::{HeaderMap, Message};
use bytes::Bytes;
use messaging_core::event::Seq;
use messaging_core::ids::{ChannelId, EntityId};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The event's number in its channel.
const SEQ: &str = "Daarion-Seq";
/// The subject of the event itself.
const SUBJECT: &str = "Daarion-Subject";

/// When the event was written, in milliseconds since 1970.
const WRITTEN: &str = "Daarion-Written";

/// The members of an event's payload that are empty because the event is larger than NATS takes, with commas between.
pub const LEFT_OUT: &str = "Daarion-Left-Out";
/// The generation in which an event was sent to the stream again.
pub const REFILL: &str = "Daarion-Refill";

/// The subject of a channel's logged frames.
pub fn logged(channel: ChannelId) -> String {
    format!("relay.channel.{channel}")
}

/// The subject of a channel's ephemeral frames.
pub fn ephemeral(channel: ChannelId) -> String {
    format!("relay.ephemeral.{channel}")
}

/// The subject of what happens to a person's memberships. Ids of people in Matrix have characters that a subject may not
/// have, so it carries a hash.
pub fn member(id: &EntityId) -> String {
    let hash = Sha256::digest(id.as_str());
    hash.iter().take(16).fold("relay.member.".to_owned(), |mut subject, byte| {
        // Writing to a String cannot fail.
        let _ = write!(subject, "{byte:02x}");
        subject
    })
}

/// The subjects on which a logged frame goes to the relays.
pub fn all_of(frame: &LoggedFrame) -> impl Iterator<Item = String> {
    std::iter::once(logged(frame.channel)).chain(frame.concerns.as_ref().map(member))
}

/// The headers and the body of a logged frame of an event on `subject`.
pub fn logged_message(frame: &LoggedFrame, subject: &str) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    headers.insert(SEQ, frame.seq.to_string());
    headers.insert(SUBJECT, subject);
    if let Some(written_ms) = frame.written_ms {
        headers.insert(WRITTEN, written_ms.to_string());
    }
    (headers, frame.text.clone().into())
}

/// Reads what [`logged_message`] made; `None` for anything else.
pub fn logged_frame(channel: ChannelId, message: Message) -> Option<LoggedFrame> {
    let headers = message.headers.as_ref()?;
    let seq: Seq = headers.get(SEQ)?.as_str().parse().ok()?;
    let written_ms = headers.get(WRITTEN).and_then(|written| written.as_str().parse().ok());
    let frame = LoggedFrame::received(channel, seq, headers.get(SUBJECT)?.as_str(), message.payload)?;
    Some(LoggedFrame { written_ms, ..frame })
}

/// Reads what [`logged_message`] made of an event about the memberships of `id`; `None` for anything else.
pub fn member_frame(id: &EntityId, message: Message) -> Option<LoggedFrame> {
    #[derive(Deserialize)]
    struct InChannel {
        channel_id: ChannelId,
    }
    let InChannel { channel_id } = serde_json::from_slice(&message.payload).ok()?;
    logged_frame(channel_id, message).filter(|frame| frame.concerns.as_ref() == Some(id))
}

/// Reads an ephemeral frame for one person: on their subject, the frames of events have headers. `None` for anything else.
pub fn personal_frame(message: &Message) -> Option<EphemeralFrame> {
    #[derive(Deserialize)]
    struct InChannel {
        channel_id: ChannelId,
    }
    if message.headers.is_some() {
        return None;
    }
    let InChannel { channel_id } = serde_json::from_slice(&message.payload).ok()?;
    EphemeralFrame::received(channel_id, message.payload.clone())
}

/// Reads an ephemeral frame, whose body is its text; `None` for anything else.
pub fn ephemeral_frame(channel: ChannelId, message: Message) -> Option<EphemeralFrame> {
    EphemeralFrame::received(channel, message.payload)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::live::frame::FrameType;
    use serde_json::json;
    use uuid::Uuid;

    fn frame(subject: &str, payload: &serde_json::Value) -> LoggedFrame {
        let (event_id, channel) = (Uuid::from_u128(1), ChannelId(Uuid::from_u128(2)));
        let (subject, payload) = (subject.to_owned(), payload.to_string());
        let event = Event {
            id: 7,
            generation: 0,
            event_id,
            channel,
            seq: 3,
            subject,
            payload,
            written_ms: 5,
            request_id: None,
            personal: None,
        };
        LoggedFrame::of_event(&event, FrameType::of_subject(&event.subject).unwrap()).unwrap()
    }

    #[test]
    fn a_subject_of_a_person_has_no_character_of_theirs() {
        let id = EntityId::parse("@*.> :x").or_else(|_| EntityId::parse("@odd*.>:server")).unwrap();
        let token = member(&id).strip_prefix("relay.member.").unwrap().to_owned();
        assert_eq!(token.len(), 32);
        assert!(token.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(member(&id), member(&EntityId::parse("user:bob").unwrap()));
    }

    #[test]
    fn an_event_about_somebody_goes_to_the_channel_and_to_them() {
        let bob = EntityId::parse("user:bob").unwrap();
        let invited = frame("messaging.member.invited", &json!({"member_id": "user:bob"}));
        assert_eq!(all_of(&invited).collect::<Vec<_>>(), [logged(invited.channel), member(&bob)]);
        let created = frame("messaging.channel.created", &json!({"created_by": "user:bob"}));
        assert_eq!(all_of(&created).count(), 2);
        let message = frame("messaging.message.created", &json!({"member_id": "user:bob"}));
        assert_eq!(all_of(&message).count(), 1);
    }

    #[test]
    fn a_person_takes_only_frames_about_themselves() {
        let message = |subject: &str, payload: &serde_json::Value| {
            let (headers, payload) = logged_message(&frame(subject, payload), subject);
            let (length, headers) = (payload.len(), Some(headers));
            Message { subject: "x".into(), reply: None, payload, headers, status: None, description: None, length }
        };
        let invited = json!({"member_id": "user:bob"});
        let read = |id| member_frame(&EntityId::parse(id).unwrap(), message("messaging.member.invited", &invited));
        let frame = read("user:bob").unwrap();
        assert_eq!((frame.channel, frame.seq, frame.written_ms), (ChannelId(Uuid::from_u128(2)), 3, Some(5)));
        assert!(read("user:alice").is_none());
        let other = message("messaging.message.created", &json!({"member_id": "user:bob"}));
        assert!(member_frame(&EntityId::parse("user:bob").unwrap(), other).is_none());
        assert!(personal_frame(&message("messaging.member.invited", &invited)).is_none());
        let payload = r#"{"type":"unread.updated","channel_id":"00000000-0000-0000-0000-000000000002"}"#.into();
        let own = Message { headers: None, payload, ..message("messaging.member.invited", &invited) };
        assert_eq!(personal_frame(&own).unwrap().channel, ChannelId(Uuid::from_u128(2)));
    }
}
