//! The frames that the relay makes itself.

use crate::event::Seq;
use axum::extract::ws::Utf8Bytes;
use messaging_core::ids::ChannelId;
use serde_json::json;

/// The channel's events come from now on; it stands at `seq`.
pub fn subscribed(channel: ChannelId, seq: Seq) -> Utf8Bytes {
    json!({"type": "subscribed", "channel_id": channel, "seq": seq}).to_string().into()
}

/// The channel's events come no more, as asked.
pub fn unsubscribed(channel: ChannelId) -> Utf8Bytes {
    json!({"type": "unsubscribed", "channel_id": channel}).to_string().into()
}

/// The events in between are not kept any more: reload over REST; events go on behind `seq`.
pub fn reload(channel: ChannelId, seq: Seq) -> Utf8Bytes {
    json!({"type": "reload", "channel_id": channel, "seq": seq}).to_string().into()
}

/// Something about one channel failed or ended; the socket stays open.
pub fn error(channel: &str, code: &str) -> Utf8Bytes {
    json!({"type": "error", "channel_id": channel, "code": code}).to_string().into()
}
