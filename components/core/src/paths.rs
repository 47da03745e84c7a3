//! Every path of the service, each once, as `spin.toml` writes it; and their parameters as types.

use crate::auth::Caller;
use crate::ids::{ChannelId, EntityId, MessageId};
use crate::problem::Problem;
use crate::text::is_line;

/// The channels that the caller may see.
pub const CHANNELS: &str = "/api/messaging/channels";
/// One channel.
pub const CHANNEL: &str = "/api/messaging/channels/:channel_id";
/// A channel's messages.
pub const MESSAGES: &str = "/api/messaging/channels/:channel_id/messages";
/// One message.
pub const MESSAGE: &str = "/api/messaging/channels/:channel_id/messages/:message_id";
/// The replies to a message.
pub const REPLIES: &str = "/api/messaging/channels/:channel_id/messages/:message_id/replies";
/// The reactions to a message.
pub const REACTIONS: &str = "/api/messaging/channels/:channel_id/messages/:message_id/reactions";
/// The caller's reaction with one emoji.
pub const REACTION: &str = "/api/messaging/channels/:channel_id/messages/:message_id/reactions/:emoji";
/// How far the caller has read a channel.
pub const READ: &str = "/api/messaging/channels/:channel_id/read";
/// The caller's mark that a channel is unread.
pub const MARKED_UNREAD: &str = "/api/messaging/channels/:channel_id/unread";
/// Whether the caller has muted a channel.
pub const MUTED: &str = "/api/messaging/channels/:channel_id/muted";
/// Who has read a channel how far.
pub const RECEIPTS: &str = "/api/messaging/channels/:channel_id/receipts";
/// All that is unread to the caller.
pub const UNREAD: &str = "/api/messaging/unread";
/// A channel's threads.
pub const THREADS: &str = "/api/messaging/channels/:channel_id/threads";
/// Whether the caller follows the thread under a message.
pub const FOLLOWING: &str = "/api/messaging/channels/:channel_id/threads/:message_id/following";
/// A channel's pinned messages.
pub const PINS: &str = "/api/messaging/channels/:channel_id/pins";
/// One pinned message.
pub const PIN: &str = "/api/messaging/channels/:channel_id/pins/:message_id";
/// Whether the caller types in a channel.
pub const TYPING: &str = "/api/messaging/channels/:channel_id/typing";
/// A channel's members.
pub const MEMBERS: &str = "/api/messaging/channels/:channel_id/members";
/// One member; `me` is the caller.
pub const MEMBER: &str = "/api/messaging/channels/:channel_id/members/:member_id";
/// Somebody's profile; `me` is the caller.
pub const PROFILE: &str = "/api/messaging/profiles/:member_id";
/// Where agents post.
pub const AGENT_POST: &str = "/internal/agents/:agent_id/post-to-channel";
/// An agent's profile, for the service that acts for it.
pub const AGENT_PROFILE: &str = "/internal/agents/:agent_id/profile";
/// What an agent filter has to know of a channel.
pub const AGENT_CONTEXT: &str = "/internal/messaging/channels/:channel_id/context";
/// A channel's messages for agents and services.
pub const AGENT_MESSAGES: &str = "/internal/messaging/channels/:channel_id/messages";
/// Where a relay has the homeserver told that a member types, or has stopped.
pub const TYPING_IN_ROOM: &str = "/internal/messaging/channels/:channel_id/typing";
/// Somebody's memberships in all channels of a microDAO.
pub const MICRODAO_MEMBER: &str = "/internal/messaging/microdaos/:microdao_id/members/:member_id";
/// Events from a gateway that is not this project's own.
pub const MATRIX_WEBHOOK: &str = "/webhooks/matrix-events";
/// Events of the homeserver that could not be indexed.
pub const SET_ASIDE_EVENTS: &str = "/internal/messaging/set-aside-events";
/// Where they are tried again.
pub const SET_ASIDE_REPLAY: &str = "/internal/messaging/set-aside-events/replay";
/// Where a channel is compared with the history of its room.
pub const RECONCILE: &str = "/internal/messaging/channels/:channel_id/reconcile";
/// Where Matrix is told of receipts.
pub const SEND_RECEIPTS: &str = "/internal/messaging/receipts";
/// Whether the service is alive.
pub const HEALTH: &str = "/health";
/// Whether the service can do its work.
pub const READY: &str = "/health/ready";
/// The contract of the REST routes.
pub const OPENAPI: &str = "/openapi.json";
/// The contract of the WebSocket and of NATS.
pub const ASYNCAPI: &str = "/asyncapi.json";
/// The contract, to read.
pub const DOCS: &str = "/docs";
/// Where components have HTML cleaned.
pub const CLEAN_HTML: &str = "/clean";
/// One channel's WebSocket, at ws-relay.
pub const WEBSOCKET: &str = "/ws/messaging/:channel_id";
/// The WebSocket for many channels, at ws-relay.
pub const WEBSOCKETS: &str = "/ws/messaging";

/// What the homeserver calls (Matrix application service API, "Homeserver -> Application Service API").
pub mod appservice {
    /// Events.
    pub const TRANSACTION: &str = "/_matrix/app/v1/transactions/:transaction_id";
    /// Whether a user exists.
    pub const USER: &str = "/_matrix/app/v1/users/:user_id";
    /// Whether a room alias exists.
    pub const ROOM: &str = "/_matrix/app/v1/rooms/:room_alias";
    /// Whether the homeserver reaches this service.
    pub const PING: &str = "/_matrix/app/v1/ping";
}

/// The values of a path's parameters, percent-decoded, by the names that the pattern gives them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(&'static str, String)>);

impl Params {
    /// A value by the name of its parameter; empty when the pattern has no such parameter.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value)
    }
}

/// The parameters of a path that fits a pattern. `decode` makes a segment readable; one that it cannot read is empty.
///
/// A path is one path: an empty segment is no segment, so `//api/…`, which a client would resolve to a host called
/// `api` (RFC 3986, section 4.2), fits no pattern. Only one slash at the end is put up with.
pub fn parse(pattern: &'static str, path: &str, decode: impl Fn(&str) -> String) -> Option<Params> {
    let path = path.strip_prefix('/')?;
    let mut segments = path.strip_suffix('/').unwrap_or(path).split('/');
    let mut params = Vec::new();
    for expected in pattern.trim_start_matches('/').split('/') {
        let segment = segments.next().filter(|segment| !segment.is_empty())?;
        match expected.strip_prefix(':') {
            Some(name) => params.push((name, decode(segment))),
            None if expected == segment => {}
            None => return None,
        }
    }
    segments.next().is_none().then_some(Params(params))
}

/// A pattern with its parameters filled in, in their order. Only for values that need no escaping, as UUIDs.
pub fn fill(pattern: &str, values: &[&dyn std::fmt::Display]) -> String {
    let mut values = values.iter();
    let fill = |segment: &str| match (segment.starts_with(':'), segment) {
        (true, _) => values.next().map_or_else(String::new, ToString::to_string),
        (false, literal) => literal.to_owned(),
    };
    pattern.split('/').map(fill).collect::<Vec<_>>().join("/")
}

/// The parameters of a path as a type. A malformed id is an unknown one: the problem is a 404.
pub trait FromParams: Sized {
    /// Reads the parameters by their names.
    fn from_params(params: &Params) -> Result<Self, Problem>;
}

/// `…/channels/:channel_id…`
#[derive(Debug, Clone, Copy)]
pub struct ChannelPath {
    /// The channel.
    pub channel_id: ChannelId,
}

impl FromParams for ChannelPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let channel_id = ChannelId::parse(params.get("channel_id")).ok_or_else(|| Problem::not_found("channel"))?;
        Ok(Self { channel_id })
    }
}

/// `…/channels/:channel_id/messages/:message_id…`
#[derive(Debug, Clone, Copy)]
pub struct MessagePath {
    /// The channel.
    pub channel_id: ChannelId,
    /// The message.
    pub message_id: MessageId,
}

impl FromParams for MessagePath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let ChannelPath { channel_id } = ChannelPath::from_params(params)?;
        let message_id = MessageId::parse(params.get("message_id")).ok_or_else(|| Problem::not_found("message"))?;
        Ok(Self { channel_id, message_id })
    }
}

/// `…/messages/:message_id/reactions/:emoji`
#[derive(Debug, Clone)]
pub struct ReactionPath {
    /// The channel.
    pub channel_id: ChannelId,
    /// The message.
    pub message_id: MessageId,
    /// The emoji, 1 to [`ReactionPath::MAX_EMOJI_BYTES`] bytes.
    pub emoji: String,
}

impl ReactionPath {
    /// Longer than any emoji sequence, and short enough for an index.
    pub const MAX_EMOJI_BYTES: usize = 128;

    /// 422: the emoji of the path is none.
    pub fn invalid_emoji() -> Problem {
        Problem::invalid_parameter("emoji", "must be 1 to 128 bytes of UTF-8 that one can see, percent-encoded")
    }
}

impl FromParams for ReactionPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let emoji = params.get("emoji").to_owned();
        if emoji.is_empty() || emoji.len() > Self::MAX_EMOJI_BYTES || !is_line(&emoji) {
            return Err(Self::invalid_emoji());
        }
        let MessagePath { channel_id, message_id } = MessagePath::from_params(params)?;
        Ok(Self { channel_id, message_id, emoji })
    }
}

/// `/api/messaging/profiles/:member_id`
#[derive(Debug, Clone)]
pub struct ProfilePath {
    member_id: String,
}

impl FromParams for ProfilePath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        Ok(Self { member_id: params.get("member_id").to_owned() })
    }
}

impl ProfilePath {
    /// The member: `me` is the caller, and the Matrix id of one of our own users is that user.
    pub fn member_id(&self, caller: &Caller, server_name: &str) -> Result<EntityId, Problem> {
        match self.member_id.as_str() {
            "me" => Ok(caller.id().clone()),
            other => EntityId::parse_on(other, server_name).map_err(|_| Problem::not_found("member")),
        }
    }
}

/// `…/channels/:channel_id/members/:member_id`
#[derive(Debug, Clone)]
pub struct MemberPath {
    /// The channel.
    pub channel_id: ChannelId,
    member: ProfilePath,
}

impl FromParams for MemberPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let ChannelPath { channel_id } = ChannelPath::from_params(params)?;
        Ok(Self { channel_id, member: ProfilePath::from_params(params)? })
    }
}

impl MemberPath {
    /// The member, as in a [`ProfilePath`].
    pub fn member_id(&self, caller: &Caller, server_name: &str) -> Result<EntityId, Problem> {
        self.member.member_id(caller, server_name)
    }
}

/// `/internal/agents/:agent_id/…`
#[derive(Debug, Clone)]
pub struct AgentPath {
    /// The agent as the path names it, not checked.
    pub agent_id: String,
}

impl FromParams for AgentPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        Ok(Self { agent_id: params.get("agent_id").to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(segment: &str) -> String {
        segment.to_owned()
    }

    #[test]
    fn a_pattern_fits_segment_by_segment() {
        let params = parse(REACTION, "/api/messaging/channels/a/messages/b/reactions/c/", plain).unwrap();
        assert_eq!((params.get("channel_id"), params.get("message_id"), params.get("emoji")), ("a", "b", "c"));
        assert_eq!(params.get("other"), "");
        assert_eq!(parse(CHANNEL, "/api/messaging/channels", plain), None);
        assert_eq!(parse(CHANNEL, "/api/messaging/channels/a/messages", plain), None);
        assert_eq!(parse(CHANNEL, "/api/messaging/rooms/a", plain), None);
        assert_eq!(parse(CHANNELS, "/api/messaging/channels/", plain), Some(Params::default()));
    }

    #[test]
    fn a_path_is_one_path() {
        for twice in [
            "//api/messaging/channels",
            "/api//messaging/channels",
            "/api/messaging/channels//",
            "api/messaging/channels",
            "/api/messaging/./channels",
            "/api/x/../messaging/channels",
        ] {
            assert_eq!(parse(CHANNELS, twice, plain), None, "{twice}");
        }
        assert_eq!(parse(MESSAGES, "/api/messaging/channels//messages", plain), None);
    }

    #[test]
    fn a_filled_pattern_fits_itself() {
        let path = fill(MESSAGE, &[&"a", &"b"]);
        assert_eq!(path, "/api/messaging/channels/a/messages/b");
        assert!(parse(MESSAGE, &path, plain).is_some());
    }

    #[test]
    fn malformed_ids_are_unknown_ones() {
        let params = parse(MESSAGE, "/api/messaging/channels/x/messages/y", plain).unwrap();
        assert_eq!(MessagePath::from_params(&params).unwrap_err().status, 404);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(path in ".*") {
            let _ = parse(REACTION, &path, plain);
        }
    }
}
