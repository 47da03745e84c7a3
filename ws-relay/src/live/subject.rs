//! The subjects on which relays pass frames to each other.
//!
//! They are outside `messaging.>` and thus not kept; a relay subscribes only to the channels that its sockets follow.

use crate::event::{Frame, Seq};
use async_nats::{HeaderMap, Message};
use bytes::Bytes;
use messaging_core::ids::ChannelId;

/// The event's number in its channel.
const SEQ: &str = "Daarion-Seq";
/// The event's type.
const TYPE: &str = "Daarion-Type";

/// The subject of a channel's frames.
pub fn of(channel: ChannelId) -> String {
    format!("relay.channel.{channel}")
}

/// A frame's headers and body.
pub fn message(frame: &Frame, kind: &str) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    headers.insert(SEQ, frame.seq.to_string());
    headers.insert(TYPE, kind);
    (headers, frame.text.clone().into())
}

/// Reads what [`message`] made; `None` for anything else.
pub fn frame(channel: ChannelId, message: Message) -> Option<Frame> {
    let headers = message.headers.as_ref()?;
    let seq: Seq = headers.get(SEQ)?.as_str().parse().ok()?;
    Frame::received(channel, seq, headers.get(TYPE)?.as_str(), message.payload)
}
