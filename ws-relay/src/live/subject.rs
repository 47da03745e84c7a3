//! The subjects on which relays pass frames to each other.
//!
//! They are outside `messaging.>` and thus kept nowhere. A relay subscribes only to the channels of its own sockets.

use crate::live::frame::{EphemeralFrame, LoggedFrame};
use async_nats::{HeaderMap, Message};
use bytes::Bytes;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;

/// The event's number in its channel.
const SEQ: &str = "Daarion-Seq";
/// The subject of the event itself.
const SUBJECT: &str = "Daarion-Subject";

/// The members of an event's payload that are empty because the event is larger than NATS takes, with commas between.
pub const LEFT_OUT: &str = "Daarion-Left-Out";

/// The subject of a channel's logged frames.
pub fn logged(channel: ChannelId) -> String {
    format!("relay.channel.{channel}")
}

/// The subject of a channel's ephemeral frames.
pub fn ephemeral(channel: ChannelId) -> String {
    format!("relay.ephemeral.{channel}")
}

/// The headers and the body of a logged frame of an event on `subject`.
pub fn logged_message(frame: &LoggedFrame, subject: &str) -> (HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    headers.insert(SEQ, frame.seq.to_string());
    headers.insert(SUBJECT, subject);
    (headers, frame.text.clone().into())
}

/// Reads what [`logged_message`] made; `None` for anything else.
pub fn logged_frame(channel: ChannelId, message: Message) -> Option<LoggedFrame> {
    let headers = message.headers.as_ref()?;
    let seq: Seq = headers.get(SEQ)?.as_str().parse().ok()?;
    LoggedFrame::received(channel, seq, headers.get(SUBJECT)?.as_str(), message.payload)
}

/// Reads an ephemeral frame, whose body is its text; `None` for anything else.
pub fn ephemeral_frame(channel: ChannelId, message: Message) -> Option<EphemeralFrame> {
    EphemeralFrame::received(channel, message.payload)
}
