//! What a client says on the socket for many channels.

use crate::event::Seq;
use messaging_core::ids::ChannelId;
use serde::Deserialize;
use serde_json::Value;

/// One wish of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Follow a channel, from behind `since` when it is given.
    Subscribe(ChannelId, Option<Seq>),
    /// Follow it no more.
    Unsubscribe(ChannelId),
    /// What it said about this channel makes no sense: the code says why.
    Wrong(String, &'static str),
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    subscribe: Vec<Value>,
    #[serde(default)]
    unsubscribe: Vec<Value>,
}

/// Channel ids are repeated to the client up to this length.
const ID: usize = 64;

/// Reads a text; nothing in it that is not understood is an error, as clients may know more than this relay.
pub fn parse(text: &str) -> Vec<Wish> {
    let Ok(message) = serde_json::from_str::<Message>(text) else { return Vec::new() };
    let unsubscribe = message.unsubscribe.iter().map(|entry| match channel(entry) {
        Ok(channel) => Wish::Unsubscribe(channel),
        Err(wrong) => wrong,
    });
    let subscribe = message.subscribe.iter().map(|entry| match (channel(entry), entry.get("since_seq")) {
        (Err(wrong), _) => wrong,
        (Ok(channel), None | Some(Value::Null)) => Wish::Subscribe(channel, None),
        (Ok(channel), Some(since)) => match since.as_i64().filter(|since| *since >= 0) {
            Some(since) => Wish::Subscribe(channel, Some(since)),
            None => Wish::Wrong(channel.to_string(), "invalid_since_seq"),
        },
    });
    unsubscribe.chain(subscribe).collect()
}

/// An entry is an id, or an object with a `channel_id`.
fn channel(entry: &Value) -> Result<ChannelId, Wish> {
    let text = entry.as_str().or_else(|| entry.get("channel_id")?.as_str()).unwrap_or_default();
    ChannelId::parse(text).ok_or_else(|| Wish::Wrong(text.chars().take(ID).collect(), "not_found"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const A: &str = "00000000-0000-0000-0000-00000000000a";

    #[test]
    fn both_lists_are_read_and_the_channels_to_leave_come_first() {
        let a = ChannelId(Uuid::from_u128(10));
        let text = format!(
            r#"{{"subscribe": [{{"channel_id": "{A}", "since_seq": 4, "x": 1}}, {{"channel_id": "{A}"}}, "{A}"],
                "unsubscribe": ["{A}", {{"channel_id": "{A}"}}], "y": 2}}"#
        );
        let expected = [
            Wish::Unsubscribe(a),
            Wish::Unsubscribe(a),
            Wish::Subscribe(a, Some(4)),
            Wish::Subscribe(a, None),
            Wish::Subscribe(a, None),
        ];
        assert_eq!(parse(&text), expected);
    }

    #[test]
    fn what_is_wrong_is_told_and_what_is_unknown_ignored() {
        assert_eq!(parse(r#"{"subscribe": [{"channel_id": "x"}]}"#), [Wish::Wrong("x".to_owned(), "not_found")]);
        assert_eq!(parse(r#"{"subscribe": [7]}"#), [Wish::Wrong(String::new(), "not_found")]);
        let text = format!(r#"{{"subscribe": [{{"channel_id": "{A}", "since_seq": -1}}]}}"#);
        assert_eq!(parse(&text), [Wish::Wrong(A.to_owned(), "invalid_since_seq")]);
        for text in ["ping", "", "{}", "[]", r#"{"typing": true}"#, r#"{"subscribe": 1}"#] {
            assert_eq!(parse(text), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = parse(&text);
        }
    }
}
