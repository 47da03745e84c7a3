//! Every path of the service, each once, as `spin.toml` writes it; and their parameters as types.

mod patterns;

pub use patterns::*;

use crate::auth::Caller;
use crate::ids::{ChannelId, EntityId, MessageId, PreviewId};
use crate::problem::Problem;
use crate::text::is_line;

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
    if pattern == "/" {
        return path.is_empty().then(Params::default);
    }
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

/// A path that fits a pattern, as a log may have it: of its parameters only those that are UUIDs.
pub fn shown(pattern: &str, path: &str) -> String {
    let path = path.trim_matches('/').split('/');
    let segments = pattern.trim_start_matches('/').split('/').zip(path).map(|(expected, segment)| {
        let is_uuid = segment.len() == 36 && segment.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        if expected.starts_with(':') && is_uuid { segment } else { expected }
    });
    segments.fold(String::new(), |shown, segment| shown + "/" + segment)
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

/// `…/messages/:message_id/previews/:preview_id`
#[derive(Debug, Clone, Copy)]
pub struct PreviewPath {
    /// The channel.
    pub channel_id: ChannelId,
    /// The message.
    pub message_id: MessageId,
    /// What one of its links shows.
    pub preview_id: PreviewId,
}

impl FromParams for PreviewPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let MessagePath { channel_id, message_id } = MessagePath::from_params(params)?;
        let preview_id = PreviewId::parse(params.get("preview_id")).ok_or_else(|| Problem::not_found("preview"))?;
        Ok(Self { channel_id, message_id, preview_id })
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
    fn a_log_shows_ids_and_no_text_of_a_path() {
        let id = "4b1d3f5e-8f0e-4b55-9b58-0f5f0a8c3b11";
        let path = format!("/api/messaging/channels/{id}/messages/hello/reactions/secret");
        let expected = format!("/api/messaging/channels/{id}/messages/:message_id/reactions/:emoji");
        assert_eq!(shown(REACTION, &path), expected);
        assert_eq!(shown("/...", "/guess/secret"), "/...");
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
        assert_eq!(parse("/", "/", plain), Some(Params::default()));
        assert!(["", "//", "/x", "/./"].iter().all(|other| parse("/", other, plain).is_none()));
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
