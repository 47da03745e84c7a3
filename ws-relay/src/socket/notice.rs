//! The frames that the relay makes itself.

use crate::event::Seq;
use axum::extract::ws::Utf8Bytes;
use messaging_core::ids::ChannelId;
use serde::Serialize;

/// The fields, in the order of an event's frame.
#[derive(Serialize)]
struct Notice<'a, Id> {
    r#type: &'static str,
    channel_id: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<Seq>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
}

impl<Id: Serialize> Notice<'_, Id> {
    fn text(&self) -> Utf8Bytes {
        // Ids, numbers and texts always serialise.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

/// The channel's events come from now on; it stands at `seq`.
pub fn subscribed(channel: ChannelId, seq: Seq) -> Utf8Bytes {
    Notice { r#type: "subscribed", channel_id: channel, seq: Some(seq), code: None }.text()
}

/// The channel's events come no more, as asked.
pub fn unsubscribed(channel: ChannelId) -> Utf8Bytes {
    Notice { r#type: "unsubscribed", channel_id: channel, seq: None, code: None }.text()
}

/// The events in between are not kept any more: reload over REST; events go on behind `seq`.
pub fn reload(channel: ChannelId, seq: Seq) -> Utf8Bytes {
    Notice { r#type: "reload", channel_id: channel, seq: Some(seq), code: None }.text()
}

/// Something about one channel failed or ended; the socket stays open.
pub fn error(channel: &str, code: &str) -> Utf8Bytes {
    Notice { r#type: "error", channel_id: channel, seq: None, code: Some(code) }.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn notices_have_the_fields_of_the_contract() {
        let channel = ChannelId(Uuid::nil());
        let id = "00000000-0000-0000-0000-000000000000";
        assert_eq!(subscribed(channel, 4).as_str(), format!(r#"{{"type":"subscribed","channel_id":"{id}","seq":4}}"#));
        assert_eq!(reload(channel, 4).as_str(), format!(r#"{{"type":"reload","channel_id":"{id}","seq":4}}"#));
        assert_eq!(unsubscribed(channel).as_str(), format!(r#"{{"type":"unsubscribed","channel_id":"{id}"}}"#));
        assert_eq!(error("x\"", "not_found").as_str(), r#"{"type":"error","channel_id":"x\"","code":"not_found"}"#);
    }
}
