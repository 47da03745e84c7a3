//! Client commands: what clients say on the socket for many channels.

use super::ErrorCode;
use crate::event::Seq;
use crate::ids::ChannelId;
use crate::json;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The text that a client sends to learn whether the relay is there; not a JSON document.
pub const PING: &str = "ping";

/// A client message has at most this many bytes; a larger one ends the socket.
pub const MAX_CLIENT_MESSAGE_BYTES: usize = 64 * 1024;

/// A client may send this many messages at once, of any kind, and [`CLIENT_MESSAGES_PER_SECOND`] on.
pub const CLIENT_MESSAGE_BURST: u32 = 100;

/// A client may send this many messages each second for ever.
pub const CLIENT_MESSAGES_PER_SECOND: u32 = 20;

/// A client may name this many channels at once, to subscribe or to leave, in however many messages, and
/// [`CLIENT_WISHES_PER_SECOND`] on: all that a socket may have, twice.
pub const CLIENT_WISH_BURST: u32 = 2_000;

/// A client may name this many channels each second for ever.
pub const CLIENT_WISHES_PER_SECOND: u32 = 20;

/// A client may send this many bytes without a whole message: a message in many small frames takes more bytes than it
/// has, and frames that carry nothing are bounded by this alone.
pub const MAX_BYTES_BETWEEN_MESSAGES: usize = 2 * MAX_CLIENT_MESSAGE_BYTES;

/// A socket has at most this many channels.
pub const MAX_CHANNELS: usize = 1_000;

/// A resume brings at most this many events of a channel; who is further behind reloads.
pub const MAX_RESUMED_EVENTS: i64 = 10_000;

/// An error notice repeats at most this many characters of a channel id.
pub const MAX_ECHOED_ID: usize = 64;

/// Subscribes to channels and leaves them, and says that the caller types, on the socket for many channels. Whatever else
/// the text says is ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ClientMessage {
    /// Channels to subscribe to, after those to leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subscribe: Vec<Subscribe>,
    /// Channels to leave.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsubscribe: Vec<Unsubscribe>,
    /// That the caller types in a channel, or has stopped: as `PUT …/typing` over REST. Nothing is answered; what the caller
    /// may not say is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "TypingCommand"))]
    pub typing: Option<TypingCommand>,
}

/// Who types, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TypingCommand {
    /// The channel. The socket need not be subscribed to it.
    pub channel_id: ChannelId,
    /// Whether the caller types. It ends by itself after 10 seconds, so it is repeated every few seconds.
    pub typing: bool,
}

/// A channel to subscribe to. Its id alone may stand instead of the object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend("type" = ["object", "string"], "format" = "uuid")))]
pub struct Subscribe {
    /// The channel.
    pub channel_id: ChannelId,
    /// The number of the last event that the client has, 0 for none: what came after it is sent first. Without it the
    /// frames begin with what happens next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub since_seq: Option<Seq>,
}

/// A channel to leave. Its id alone may stand instead of the object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend("type" = ["object", "string"], "format" = "uuid")))]
pub struct Unsubscribe {
    /// The channel.
    pub channel_id: ChannelId,
}

/// What a [`ClientMessage`] asks for, one channel at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientCommand {
    /// Subscribe to a channel.
    Subscribe(Subscribe),
    /// Leave a channel.
    Unsubscribe(Unsubscribe),
    /// The caller types, or has stopped.
    Typing(TypingCommand),
    /// An entry that cannot be followed: the client is told why.
    Invalid {
        /// The channel as the client named it, at most [`MAX_ECHOED_ID`] characters of it.
        channel_id: String,
        /// What is wrong.
        code: ErrorCode,
    },
}

impl ClientCommand {
    /// Reads a client's text. Each entry is judged alone, and a text that is no such message asks for nothing: clients
    /// may know more than this version.
    pub fn parse(text: &str) -> Vec<Self> {
        #[derive(Deserialize)]
        struct Entries {
            #[serde(default)]
            subscribe: Vec<Value>,
            #[serde(default)]
            unsubscribe: Vec<Value>,
            typing: Option<Value>,
        }
        let Ok(entries) = json::from_str::<Entries>(text) else { return Vec::new() };
        let unsubscribe = entries.unsubscribe.iter().map(|entry| match channel_id(entry) {
            Ok(channel_id) => Self::Unsubscribe(Unsubscribe { channel_id }),
            Err(invalid) => invalid,
        });
        let subscribe = entries.subscribe.iter().map(|entry| match (channel_id(entry), since_seq(entry)) {
            (Ok(channel_id), Ok(since_seq)) => Self::Subscribe(Subscribe { channel_id, since_seq }),
            (Ok(channel_id), Err(code)) => Self::Invalid { channel_id: channel_id.to_string(), code },
            (Err(invalid), _) => invalid,
        });
        let typing = entries.typing.and_then(|entry| serde_json::from_value(entry).ok()).map(Self::Typing);
        unsubscribe.chain(subscribe).chain(typing).collect()
    }
}

/// The channel of an entry: an id, or an object with a `channel_id`.
fn channel_id(entry: &Value) -> Result<ChannelId, ClientCommand> {
    let text = entry.as_str().or_else(|| entry.get("channel_id")?.as_str()).unwrap_or_default();
    ChannelId::parse(text).ok_or_else(|| ClientCommand::Invalid {
        channel_id: text.chars().take(MAX_ECHOED_ID).collect(),
        code: ErrorCode::NotFound,
    })
}

fn since_seq(entry: &Value) -> Result<Option<Seq>, ErrorCode> {
    match entry.get("since_seq") {
        None | Some(Value::Null) => Ok(None),
        Some(since) => since.as_i64().filter(|since| *since >= 0).map(Some).ok_or(ErrorCode::InvalidSinceSeq),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const A: &str = "00000000-0000-0000-0000-00000000000a";
    const CHANNEL: ChannelId = ChannelId(Uuid::from_u128(10));

    fn subscribe(since_seq: Option<Seq>) -> ClientCommand {
        ClientCommand::Subscribe(Subscribe { channel_id: CHANNEL, since_seq })
    }

    fn invalid(channel_id: &str, code: ErrorCode) -> ClientCommand {
        ClientCommand::Invalid { channel_id: channel_id.to_owned(), code }
    }

    #[test]
    fn both_lists_are_read_and_the_channels_to_leave_come_first() {
        let text = format!(
            r#"{{"subscribe": [{{"channel_id": "{A}", "since_seq": 4, "x": 1}}, {{"channel_id": "{A}"}}, "{A}"],
                "unsubscribe": ["{A}", {{"channel_id": "{A}"}}], "y": 2}}"#
        );
        let leave = ClientCommand::Unsubscribe(Unsubscribe { channel_id: CHANNEL });
        let expected = [leave.clone(), leave, subscribe(Some(4)), subscribe(None), subscribe(None)];
        assert_eq!(ClientCommand::parse(&text), expected);
    }

    #[test]
    fn the_documented_message_is_understood() {
        let message = ClientMessage {
            subscribe: vec![Subscribe { channel_id: CHANNEL, since_seq: Some(0) }],
            unsubscribe: vec![Unsubscribe { channel_id: CHANNEL }],
            typing: Some(TypingCommand { channel_id: CHANNEL, typing: true }),
        };
        let text = serde_json::to_string(&message).unwrap();
        let leave = ClientCommand::Unsubscribe(Unsubscribe { channel_id: CHANNEL });
        let typing = ClientCommand::Typing(TypingCommand { channel_id: CHANNEL, typing: true });
        assert_eq!(ClientCommand::parse(&text), [leave, subscribe(Some(0)), typing]);
        assert_eq!(serde_json::from_str::<ClientMessage>(&text).unwrap(), message);
    }

    #[test]
    fn what_is_wrong_is_told_and_what_is_unknown_ignored() {
        let parse = ClientCommand::parse;
        assert_eq!(parse(r#"{"subscribe": [{"channel_id": "x"}]}"#), [invalid("x", ErrorCode::NotFound)]);
        assert_eq!(parse(r#"{"subscribe": [7]}"#), [invalid("", ErrorCode::NotFound)]);
        let long = "x".repeat(1000);
        assert_eq!(parse(&format!(r#"{{"unsubscribe": ["{long}"]}}"#)), [invalid(&long[..64], ErrorCode::NotFound)]);
        let text = format!(r#"{{"subscribe": [{{"channel_id": "{A}", "since_seq": -1}}]}}"#);
        assert_eq!(parse(&text), [invalid(A, ErrorCode::InvalidSinceSeq)]);
        let array = format!(r#"[["{A}"], []]"#);
        for text in [PING, "", "{}", "[]", array.as_str(), r#"{"typing": true}"#, r#"{"subscribe": 1}"#] {
            assert_eq!(parse(text), [], "{text}");
        }
    }

    #[test]
    fn typing_is_said_of_a_channel_and_what_says_nothing_is_ignored() {
        let said = |typing: &str| ClientCommand::parse(&format!(r#"{{"typing": {typing}}}"#));
        let stopped = ClientCommand::Typing(TypingCommand { channel_id: CHANNEL, typing: false });
        assert_eq!(said(&format!(r#"{{"channel_id": "{A}", "typing": false, "x": 1}}"#)), [stopped]);
        for nothing in ["null", "true", "[]", "{}", r#"{"channel_id": "x", "typing": true}"#, &format!(r#""{A}""#)] {
            assert_eq!(said(nothing), [], "{nothing}");
        }
        assert_eq!(said(&format!(r#"{{"channel_id": "{A}"}}"#)), []);
        assert_eq!(said(&format!(r#"{{"channel_id": "{A}", "typing": "yes"}}"#)), []);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = ClientCommand::parse(&text);
        }
    }
}
