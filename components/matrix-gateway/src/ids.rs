//! Identifiers: how they are checked, and how they go into a path of the homeserver.

use crate::error::{GatewayError, invalid_parameter};
use messaging_core::ids::{EntityId, EntityKind};
use messaging_core::text::{is_line, is_lines, is_mxc};
use messaging_edge::Problem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The longest an id may be, in bytes (Matrix specification, appendix "Common Identifier Format").
const MAX_ID_BYTES: usize = 255;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes one segment of a path or one value of a query.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Joins segments to a path, each of them percent-encoded.
pub fn join_path(prefix: &str, segments: &[&str]) -> String {
    segments.iter().fold(prefix.to_owned(), |path, segment| path + "/" + &encode(segment))
}

fn is_id(sigil: char, text: &str) -> bool {
    (2..=MAX_ID_BYTES).contains(&text.len())
        && text.starts_with(sigil)
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// A room id: `!…`, without `:server` since room version 12.
pub fn room_id(text: &str) -> Result<&str, Problem> {
    if is_id('!', text) { Ok(text) } else { Err(invalid_parameter("room_id must be a Matrix room id, !…")) }
}

/// An event id: `$…`.
pub fn event_id(text: &str) -> Result<&str, Problem> {
    if is_id('$', text) { Ok(text) } else { Err(invalid_parameter("event_id must be a Matrix event id, $…")) }
}

/// A media URI, or an empty text for none.
pub fn mxc_or_nothing(text: &str) -> Result<&str, Problem> {
    if text.is_empty() || is_mxc(text) { Ok(text) } else { Err(invalid_parameter("avatar_url must be mxc://…")) }
}

/// A name: one line that one can see, or an empty text for none. The error names `field`.
pub fn line_or_nothing<'a>(field: &str, text: &'a str) -> Result<&'a str, Problem> {
    if text.is_empty() || is_line(text) {
        return Ok(text);
    }
    Err(invalid_parameter(format!("{field} must be one line of characters that one can see")))
}

/// A topic: lines that one can see, or an empty text for none.
pub fn topic_or_nothing(text: &str) -> Result<&str, Problem> {
    if text.is_empty() || is_lines(text) {
        return Ok(text);
    }
    Err(invalid_parameter("topic must have characters that one can see, and no control characters but line breaks"))
}

/// The local part of an alias.
pub fn alias_name(name: String) -> Result<String, GatewayError> {
    let fits = (1..=200).contains(&name.len())
        && !name.chars().any(|c| c == ':' || c == '#' || c.is_whitespace() || c.is_control());
    if fits { Ok(name) } else { Err(GatewayError::invalid("room_alias_name must be the alias without # and server")) }
}

/// Reads an entity (`user:alice`) or a Matrix id (`@user-alice:server`); the error names `field`.
pub fn entity(field: &str, text: &str, server_name: &str) -> Result<EntityId, GatewayError> {
    EntityId::parse_on(text, server_name).map_err(|e| GatewayError::invalid(format!("{field} {e}")))
}

/// One of the gateway's own users: in the namespaces of the application service, which may therefore act for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnUser {
    /// `@user-alice:server`.
    pub user_id: String,
    entity: EntityId,
}

impl OwnUser {
    /// `None` for a person who exists only in Matrix, for whom the gateway cannot act.
    pub fn of(entity: EntityId, server_name: &str) -> Option<Self> {
        let user_id = entity.matrix_user_id(server_name);
        (entity.kind() != EntityKind::MatrixPerson).then_some(Self { user_id, entity })
    }

    /// The part of the Matrix id between `@` and the server's name.
    pub fn localpart(&self) -> &str {
        let localpart = self.user_id.split_once(':').map_or("", |(localpart, _)| localpart);
        localpart.trim_start_matches('@')
    }

    /// The display name of a new account.
    pub fn first_display_name(&self) -> &str {
        self.entity.as_str().split_once(':').map_or("", |(_, id)| id)
    }
}

/// Who acts, from a Matrix id and the entity that comes with it, which must be the same if both are given.
///
/// `Ok(None)` when neither is given, or when it is a person who exists only in Matrix.
pub fn actor(
    (field, matrix_id): (&str, Option<&str>),
    (other_field, other): (&str, Option<&str>),
    server_name: &str,
) -> Result<Option<OwnUser>, GatewayError> {
    let matrix_id = matrix_id.map(|text| entity(field, text, server_name)).transpose()?;
    let other = other.map(|text| entity(other_field, text, server_name)).transpose()?;
    match (matrix_id, other) {
        (Some(one), Some(two)) if one != two => {
            Err(GatewayError::invalid(format!("{field} and {other_field} must be the same person")))
        }
        (one, two) => Ok(one.or(two).and_then(|entity| OwnUser::of(entity, server_name))),
    }
}

/// As [`actor`], for calls that only the person can make: `None` is an error.
pub fn own_actor(
    matrix_id: (&str, Option<&str>),
    other: (&str, Option<&str>),
    server_name: &str,
) -> Result<OwnUser, GatewayError> {
    if matrix_id.1.is_none() && other.1.is_none() {
        return Err(GatewayError::invalid(format!("{} is missing", matrix_id.0)));
    }
    actor(matrix_id, other, server_name)?
        .ok_or_else(|| GatewayError::forbidden("The gateway acts only for @user-… and @agent-… of its own homeserver."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "a.example";

    #[test]
    fn ids_of_every_room_version_pass_and_nothing_else() {
        for good in ["!abc:a.example", "!SPCSPR2i7LyEuSsa5pfXf7QeuImm7wHKl-5RLrwoJuU", "!a/b?c#d"] {
            assert!(room_id(good).is_ok(), "{good}");
        }
        for bad in ["", "!", "abc", "#a:b", "!a b", "!a\n", "$a", &format!("!{}", "a".repeat(255))] {
            assert!(room_id(bad).is_err(), "{bad:?}");
        }
        assert!(event_id("$x").is_ok() && event_id("!x").is_err());
    }

    #[test]
    fn an_id_cannot_leave_its_segment() {
        assert_eq!(
            join_path("/v3", &["rooms", "!a/../b?c#d%2f", "state"]),
            "/v3/rooms/%21a%2F..%2Fb%3Fc%23d%252f/state"
        );
    }

    #[test]
    fn a_user_outside_the_namespaces_is_not_the_gateways_own() {
        for text in ["@bob:a.example", "@user-alice:evil.example", "@user-Alice:a.example", "@daarion:a.example"] {
            assert_eq!(actor(("user_id", Some(text)), ("user", None), HERE).unwrap(), None, "{text}");
            assert_eq!(own_actor(("user_id", Some(text)), ("user", None), HERE).unwrap_err().errcode, "M_FORBIDDEN");
        }
        for text in ["", "alice", "user:", "@", "@user-alice"] {
            assert_eq!(
                own_actor(("user_id", Some(text)), ("user", None), HERE).unwrap_err().errcode,
                "M_INVALID_PARAM"
            );
        }
    }

    #[test]
    fn the_two_names_of_an_actor_must_agree() {
        let sofia = own_actor(("m", Some("@agent-sofia:a.example")), ("e", Some("agent:sofia")), HERE).unwrap();
        assert_eq!((sofia.localpart(), sofia.first_display_name()), ("agent-sofia", "sofia"));
        assert!(own_actor(("m", Some("@agent-sofia:a.example")), ("e", Some("user:sofia")), HERE).is_err());
        assert_eq!(own_actor(("m", None), ("e", Some("agent:sofia")), HERE).unwrap(), sofia);
    }

    #[test]
    fn an_alias_is_a_local_part() {
        for bad in ["", "a:b", "#a", "a b", &"x".repeat(201)] {
            assert!(alias_name(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(alias_name("test-daarion".to_owned()).is_ok());
    }

    #[test]
    fn only_media_uris_are_avatars() {
        assert!(mxc_or_nothing("").is_ok() && mxc_or_nothing("mxc://a.example/x").is_ok());
        for bad in ["https://a.example/x", "mxc://", "mxc://x", "mxc://a/b c"] {
            assert!(mxc_or_nothing(bad).is_err(), "{bad}");
        }
    }
}
