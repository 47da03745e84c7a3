//! Ephemeral frames: without a number, stored nowhere, dropped rather than waited for.

use bytes::Bytes;
use messaging_core::event::EventType;
use messaging_core::ids::{ChannelId, EntityId};
use messaging_core::socket::{MAX_EPHEMERAL_BYTES, Notice};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use strum::{VariantArray, VariantNames};
use tungstenite::Utf8Bytes;

/// The longest `type`, in bytes.
const MAX_TYPE: usize = 64;

/// A frame that is worth something only at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EphemeralFrame {
    /// The channel.
    pub channel: ChannelId,
    /// The JSON text, at most [`MAX_EPHEMERAL_BYTES`] long.
    pub text: Utf8Bytes,
}

impl EphemeralFrame {
    /// Makes a frame of the payload of a notification, a JSON object with `channel_id` and `type`.
    ///
    /// Types that this relay does not know are passed on: the index decides what is published, and a new type needs
    /// no new relay. What a client could take for a logged frame or a notice is refused. The error says why.
    pub fn from_notification(payload: &str) -> Result<Self, &'static str> {
        if payload.len() > MAX_EPHEMERAL_BYTES {
            return Err("it is too long");
        }
        Self::of_members(&serde_json::from_str(payload).map_err(|_| "it is no JSON object")?)
    }

    /// The same of a notification for one person, whom it names in `to`.
    pub fn for_somebody(payload: &str) -> Result<(EntityId, Self), &'static str> {
        if payload.len() > MAX_EPHEMERAL_BYTES {
            return Err("it is too long");
        }
        let mut members: BTreeMap<String, &RawValue> =
            serde_json::from_str(payload).map_err(|_| "it is no JSON object")?;
        let to = members.remove("to").and_then(|id| serde_json::from_str(id.get()).ok()).ok_or("it is for nobody")?;
        Ok((to, Self::of_members(&members)?))
    }

    fn of_members(members: &BTreeMap<String, &RawValue>) -> Result<Self, &'static str> {
        let string = |name: &str| serde_json::from_str::<String>(members.get(name)?.get()).ok();
        let channel = string("channel_id").and_then(|id| ChannelId::parse(&id)).ok_or("it names no channel")?;
        let frame_type = string("type").filter(|name| is_type(name)).ok_or("it has no type")?;
        if is_reserved(&frame_type) || members.contains_key("seq") {
            return Err("it passes for another kind of frame");
        }
        let body = Body { frame_type: &frame_type, channel, members };
        let text = serde_json::to_string(&body).map_err(|_| "it cannot be serialised")?;
        Ok(Self { channel, text: text.into() })
    }

    /// Takes a frame that another relay has made; `None` when it is too long or not UTF-8.
    pub fn received(channel: ChannelId, text: Bytes) -> Option<Self> {
        let fits = text.len() <= MAX_EPHEMERAL_BYTES;
        let text = Utf8Bytes::try_from(text).ok().filter(|_| fits)?;
        Some(Self { channel, text })
    }
}

fn is_type(name: &str) -> bool {
    (1..=MAX_TYPE).contains(&name.len()) && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.'))
}

/// Whether logged frames or notices have this type.
fn is_reserved(name: &str) -> bool {
    EventType::VARIANTS.iter().any(|event| event.text() == name) || Notice::VARIANTS.contains(&name)
}

/// The members of the frame: those of every frame first, then the others as they came.
struct Body<'a> {
    frame_type: &'a str,
    channel: ChannelId,
    members: &'a BTreeMap<String, &'a RawValue>,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", self.frame_type)?;
        map.serialize_entry("channel_id", &self.channel)?;
        for (name, value) in self.members.iter().filter(|(name, _)| !matches!(name.as_str(), "type" | "channel_id")) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::socket;
    use proptest::prelude::*;
    use uuid::Uuid;

    const ID: &str = "00000000-0000-0000-0000-000000000001";

    #[test]
    fn a_notification_becomes_the_frame_of_the_contract() {
        let payload = format!(r#"{{"channel_id" : "{ID}", "type": "typing", "member_ids": ["user:bob"]}}"#);
        let frame = EphemeralFrame::from_notification(&payload).unwrap();
        assert_eq!(frame.channel, ChannelId(Uuid::from_u128(1)));
        assert_eq!(
            frame.text,
            format!(r#"{{"type":"typing","channel_id":"{ID}","member_ids":["user:bob"]}}"#).as_str()
        );
        let frame: socket::EphemeralFrame = serde_json::from_str(&frame.text).unwrap();
        assert!(matches!(frame, socket::EphemeralFrame::Typing(typing) if typing.member_ids.len() == 1));
    }

    #[test]
    fn a_notification_for_somebody_names_them_and_its_frame_does_not() {
        let payload = format!(
            r#"{{"channel_id": "{ID}", "type": "unread.updated", "to": "user:bob", "read_seq": null, "unread_count": 0,
                "mention_count": 0, "marked_unread": false, "muted": true, "updated_at": null}}"#
        );
        let (to, frame) = EphemeralFrame::for_somebody(&payload).unwrap();
        assert_eq!((to.as_str(), frame.channel), ("user:bob", ChannelId(Uuid::from_u128(1))));
        assert!(!frame.text.contains("user:bob"));
        let frame: socket::PersonalFrame = serde_json::from_str(&frame.text).unwrap();
        assert!(matches!(frame, socket::PersonalFrame::UnreadUpdated(reading) if reading.muted));
        let with = |rest: &str| format!(r#"{{"channel_id": "{ID}", "type": "x"{rest}}}"#);
        for odd in
            [with(""), with(r#","to":"bob""#), with(r#","to":7"#), with(r#","to":"user:bob","seq":1"#), "[]".into()]
        {
            assert!(EphemeralFrame::for_somebody(&odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_type_that_this_relay_does_not_know_is_passed_on() {
        let payload = format!(r#"{{"channel_id": "{ID}", "type": "message.delta", "text": "ї"}}"#);
        let frame = EphemeralFrame::from_notification(&payload).unwrap();
        assert_eq!(frame.text, format!(r#"{{"type":"message.delta","channel_id":"{ID}","text":"ї"}}"#).as_str());
    }

    #[test]
    fn hostile_notifications_are_refused() {
        let with = |rest: &str| format!(r#"{{"channel_id": "{ID}", {rest}}}"#);
        let long = format!(r#""type": "typing", "x": "{}""#, "x".repeat(MAX_EPHEMERAL_BYTES));
        for payload in [
            String::new(),
            "typing".to_owned(),
            "null".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            r#"{"type": "typing"}"#.to_owned(),
            r#"{"type": "typing", "channel_id": "general"}"#.to_owned(),
            r#"{"type": "typing", "channel_id": 7}"#.to_owned(),
            r#"{"type": "typing", "channel_id": "*"}"#.to_owned(),
            with(r#""type": 7"#),
            with(r#""type": """#),
            with(r#""type": "Typing ""#),
            with(&format!(r#""type": "{}""#, "x".repeat(65))),
            with(r#""type": "message.created""#),
            with(r#""type": "reload""#),
            with(r#""type": "typing", "seq": 1"#),
            with(r#""type": "typing""#) + "{}",
            with(&long),
        ] {
            assert!(EphemeralFrame::from_notification(&payload).is_err(), "{payload:.80}");
        }
    }

    #[test]
    fn a_received_frame_is_text_of_limited_length() {
        let channel = ChannelId(Uuid::nil());
        assert_eq!(EphemeralFrame::received(channel, Bytes::from_static(b"{}")).unwrap().text, "{}");
        assert_eq!(EphemeralFrame::received(channel, Bytes::from_static(b"\xff")), None);
        assert_eq!(EphemeralFrame::received(channel, Bytes::from(vec![b'x'; MAX_EPHEMERAL_BYTES + 1])), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_never_grows(rest in ".{0,50}", key in "[a-z\\\\\"]{0,8}") {
            let payload = format!(r#"{{"channel_id":"{ID}","type":"typing","{key}":"{rest}"}}"#);
            if let Ok(frame) = EphemeralFrame::from_notification(&payload) {
                prop_assert!(frame.text.len() <= payload.len());
                prop_assert!(serde_json::from_str::<serde_json::Value>(&frame.text).is_ok());
            }
        }
    }
}
