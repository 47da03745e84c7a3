//! Pages: how many, and from where.

mod channels;
mod content;
mod position;
mod search;

pub use channels::{ChannelOrder, ChannelPage, MAX_CHANNELS};
pub use content::{ContentPage, MAX_WITH_CONTENT};
pub use position::Position;
pub use search::{DEFAULT_HITS, MAX_HITS, SearchPage, SearchPlace};

use crate::ids::ChannelMemberId;
use crate::problem::{FieldError, Problem};

/// How many messages a page holds when the caller does not say.
pub const DEFAULT_LIMIT: i32 = 50;
/// How many messages a page holds at most.
pub const MAX_LIMIT: i32 = 200;

/// Looks up the first value of a query parameter.
pub type Parameter<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

/// The query of a request as a type; the problem names every bad parameter.
pub trait FromQuery: Sized {
    /// Reads the parameters by their names; others are ignored.
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem>;

    /// The part of the query that the neighbouring pages share, without `?`.
    fn shared_query(&self) -> String;
}

/// Which messages: those before or after a place, or the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePage {
    /// 1 to [`MAX_LIMIT`].
    pub limit: i32,
    /// Only messages before this place.
    pub before: Option<Position>,
    /// Only messages after this place, the nearest ones.
    pub after: Option<Position>,
    /// Whether deleted messages are on it too.
    pub with_deleted: bool,
}

impl FromQuery for MessagePage {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let limit = parse_limit(parameter("limit"), DEFAULT_LIMIT, MAX_LIMIT, &mut errors);
        let with_deleted = parse_flag("deleted", parameter, &mut errors);
        let mut position = |name: &str| {
            let text = parameter(name)?;
            let position = Position::parse(text);
            if position.is_none() {
                errors.push(FieldError::parameter(name, "must be a seq, a message id or an RFC 3339 time"));
            }
            position
        };
        let (before, after) = (position("before"), position("after"));
        if before.is_some() && after.is_some() {
            errors.push(FieldError::parameter("after", "cannot be combined with before"));
        }
        if errors.is_empty() { Ok(Self { limit, before, after, with_deleted }) } else { Err(Problem::invalid(errors)) }
    }

    fn shared_query(&self) -> String {
        format!("limit={}{}", self.limit, if self.with_deleted { "&deleted=true" } else { "" })
    }
}

/// Which members, in a fixed order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberPage {
    /// 1 to [`MAX_LIMIT`]; as many as one page may hold when the caller does not say, for most channels have fewer members.
    pub limit: i32,
    /// The last membership of the page before.
    pub cursor: Option<ChannelMemberId>,
}

impl FromQuery for MemberPage {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let limit = parse_limit(parameter("limit"), MAX_LIMIT, MAX_LIMIT, &mut errors);
        let cursor = parse_cursor(parameter("cursor"), ChannelMemberId::parse, &mut errors);
        if errors.is_empty() { Ok(Self { limit, cursor }) } else { Err(Problem::invalid(errors)) }
    }

    fn shared_query(&self) -> String {
        format!("limit={}", self.limit)
    }
}

/// Which threads, by activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadPage {
    /// 1 to [`MAX_LIMIT`].
    pub limit: i32,
    /// The number of the newest reply of the last thread of the page before.
    pub cursor: Option<i64>,
    /// Only threads that the caller follows.
    pub followed: bool,
}

impl FromQuery for ThreadPage {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let limit = parse_limit(parameter("limit"), DEFAULT_LIMIT, MAX_LIMIT, &mut errors);
        let number = |text: &str| match Position::parse(text)? {
            Position::Seq(seq) => Some(seq),
            Position::Message(_) | Position::Time(_) => None,
        };
        let cursor = parse_cursor(parameter("cursor"), number, &mut errors);
        let followed = parse_flag("followed", parameter, &mut errors);
        if errors.is_empty() { Ok(Self { limit, cursor, followed }) } else { Err(Problem::invalid(errors)) }
    }

    fn shared_query(&self) -> String {
        format!("limit={}{}", self.limit, if self.followed { "&followed=true" } else { "" })
    }
}

/// Reads `true` or `false`, which it is when it is left out; a bad one is added to `errors`.
fn parse_flag(name: &str, parameter: Parameter<'_>, errors: &mut Vec<FieldError>) -> bool {
    match parameter(name) {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => {
            errors.push(FieldError::parameter(name, "must be true or false"));
            false
        }
    }
}

/// Reads a cursor; a bad one is added to `errors`.
fn parse_cursor<T>(text: Option<&str>, parse: impl Fn(&str) -> Option<T>, errors: &mut Vec<FieldError>) -> Option<T> {
    let cursor = parse(text?);
    if cursor.is_none() {
        errors.push(FieldError::parameter("cursor", "must come from a Link header"));
    }
    cursor
}

/// Reads `limit`; a bad one is added to `errors`.
fn parse_limit(text: Option<&str>, default: i32, most: i32, errors: &mut Vec<FieldError>) -> i32 {
    match text.map(str::parse::<i32>) {
        None => default,
        Some(Ok(limit)) if (1..=most).contains(&limit) => limit,
        Some(_) => {
            errors.push(FieldError::parameter("limit", format!("must be a number from 1 to {most}")));
            default
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page<T: FromQuery>(query: &[(&str, &'static str)]) -> Result<T, Problem> {
        T::from_query(&|name| query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn every_bad_parameter_is_named() {
        let problem = page::<MessagePage>(&[("limit", "0"), ("before", "x"), ("after", "y")]).unwrap_err();
        assert_eq!(problem.errors.len(), 3);
        assert!(page::<MessagePage>(&[("before", "1"), ("after", "2")]).is_err());
        assert_eq!(page::<MessagePage>(&[]).unwrap().limit, DEFAULT_LIMIT);
        assert_eq!(page::<MemberPage>(&[]).unwrap().limit, MAX_LIMIT);
    }

    #[test]
    fn deleted_messages_are_asked_for_by_name() {
        let of = |value: &'static str| page::<MessagePage>(&[("deleted", value)]);
        assert!(!page::<MessagePage>(&[]).unwrap().with_deleted);
        assert!(!of("false").unwrap().with_deleted);
        assert_eq!(of("true").unwrap().shared_query(), "limit=50&deleted=true");
        for bad in ["", "1", "True", "only"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn threads_are_paged_by_their_newest_reply() {
        let threads: ThreadPage = page(&[("cursor", "42"), ("followed", "true")]).unwrap();
        assert_eq!((threads.cursor, threads.limit), (Some(42), DEFAULT_LIMIT));
        assert_eq!(threads.shared_query(), "limit=50&followed=true");
        assert_eq!(page::<ThreadPage>(&[]).unwrap().shared_query(), "limit=50");
        let bad = [("cursor", "6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4"), ("followed", "yes"), ("limit", "201")];
        assert_eq!(page::<ThreadPage>(&bad).unwrap_err().errors.len(), 3);
    }

    proptest! {
        #[test]
        fn limits_stay_within_bounds(limit in any::<i64>()) {
            let mut errors = Vec::new();
            let read = parse_limit(Some(&limit.to_string()), DEFAULT_LIMIT, MAX_LIMIT, &mut errors);
            prop_assert!((1..=MAX_LIMIT).contains(&read));
            prop_assert_eq!(errors.is_empty(), (1..=i64::from(MAX_LIMIT)).contains(&limit));
        }
    }
}
