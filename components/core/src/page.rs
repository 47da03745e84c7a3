//! Pages: how many, and from where.

use crate::ids::{ChannelId, ChannelMemberId, MessageId, MicrodaoId};
use crate::problem::{FieldError, Problem};
use serde::Serialize;

/// How many messages a page holds when the caller does not say.
pub const DEFAULT_LIMIT: i32 = 50;
/// How many messages a page holds at most.
pub const MAX_LIMIT: i32 = 200;

/// A place in a channel's messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// A message's number in its channel.
    Seq(i64),
    /// A message.
    Message(MessageId),
    /// An RFC 3339 time; PostgreSQL reads it.
    Time(String),
}

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
}

impl FromQuery for MessagePage {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let limit = parse_limit(parameter("limit"), DEFAULT_LIMIT, &mut errors);
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
        if errors.is_empty() { Ok(Self { limit, before, after }) } else { Err(Problem::invalid(errors)) }
    }

    fn shared_query(&self) -> String {
        format!("limit={}", self.limit)
    }
}

/// Which channels, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPage {
    /// 1 to [`MAX_LIMIT`].
    pub limit: i32,
    /// Only channels of this microDAO.
    pub microdao_id: Option<MicrodaoId>,
    /// The place of the last channel of the page before: its `created_at` and its id.
    pub cursor: Option<(String, ChannelId)>,
}

impl FromQuery for ChannelPage {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let limit = parse_limit(parameter("limit"), DEFAULT_LIMIT, &mut errors);
        let microdao_id = parameter("microdao_id").map(MicrodaoId::parse).transpose();
        let microdao_id = microdao_id.unwrap_or_else(|e| {
            errors.push(FieldError::parameter("microdao_id", e.0));
            None
        });
        let place = |text: &str| {
            let (time, id) = text.split_once('_')?;
            match Position::parse(time)? {
                Position::Time(time) => Some((time, ChannelId::parse(id)?)),
                Position::Seq(_) | Position::Message(_) => None,
            }
        };
        let cursor = parse_cursor(parameter("cursor"), place, &mut errors);
        if errors.is_empty() { Ok(Self { limit, microdao_id, cursor }) } else { Err(Problem::invalid(errors)) }
    }

    fn shared_query(&self) -> String {
        match &self.microdao_id {
            Some(id) => format!("limit={}&microdao_id={}", self.limit, id.as_str()),
            None => format!("limit={}", self.limit),
        }
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
        let limit = parse_limit(parameter("limit"), MAX_LIMIT, &mut errors);
        let cursor = parse_cursor(parameter("cursor"), ChannelMemberId::parse, &mut errors);
        if errors.is_empty() { Ok(Self { limit, cursor }) } else { Err(Problem::invalid(errors)) }
    }

    fn shared_query(&self) -> String {
        format!("limit={}", self.limit)
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
fn parse_limit(text: Option<&str>, default: i32, errors: &mut Vec<FieldError>) -> i32 {
    match text.map(str::parse::<i32>) {
        None => default,
        Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
        Some(_) => {
            errors.push(FieldError::parameter("limit", format!("must be a number from 1 to {MAX_LIMIT}")));
            default
        }
    }
}

impl Position {
    /// Reads any of the three forms.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().ok().map(Self::Seq);
        }
        if let Some(message) = MessageId::parse(text) {
            return Some(Self::Message(message));
        }
        is_rfc3339(text).then(|| Self::Time(text.to_owned()))
    }
}

/// Whether a text has the form of an RFC 3339 date-time and names a moment that PostgreSQL accepts.
fn is_rfc3339(text: &str) -> bool {
    let parse = || -> Option<bool> {
        let number = |from: usize, to: usize| {
            text.get(from..to).filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?.parse::<u32>().ok()
        };
        let is = |at: usize, any: &str| text.get(at..at + 1).is_some_and(|c| any.contains(c));
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let separators = is(4, "-") && is(7, "-") && is(10, "Tt ") && is(13, ":") && is(16, ":");
        let moment = year >= 1 && (1..=days).contains(&day) && hour < 24 && minute < 60 && second <= 60;
        let rest = text.get(19..)?;
        let zone = match rest.strip_prefix('.') {
            None => rest,
            Some(fraction) => {
                let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
                if !(1..=9).contains(&digits) {
                    return None;
                }
                fraction.get(digits..)?
            }
        };
        let zone = matches!(zone, "Z" | "z") || {
            let part = |from: usize, to: usize| {
                zone.get(from..to).filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?.parse::<u32>().ok()
            };
            zone.len() == 6
                && zone.starts_with(['+', '-'])
                && zone.get(3..4) == Some(":")
                && part(1, 3)? < 15
                && part(4, 6)? < 60
        };
        Some(separators && moment && zone)
    };
    text.is_ascii() && parse().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page<T: FromQuery>(query: &[(&str, &'static str)]) -> Result<T, Problem> {
        T::from_query(&|name| query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn a_place_is_a_seq_a_message_or_a_time() {
        assert_eq!(Position::parse("42"), Some(Position::Seq(42)));
        assert!(matches!(Position::parse("6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4"), Some(Position::Message(_))));
        for time in ["2026-11-22T10:00:00Z", "2026-11-22t10:00:00.123456+02:00", "2024-02-29 10:00:00-14:00"] {
            assert!(matches!(Position::parse(time), Some(Position::Time(_))), "{time}");
        }
        for bad in [
            "",
            "-1",
            "now",
            "2026-11-22",
            "2026-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "2026-11-22T10:00:00",
            "2026-11-22T10:00:00.Z",
            "99999999999999999999",
            "2026-11-22T24:00:00Z",
        ] {
            assert_eq!(Position::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_bad_parameter_is_named() {
        let problem = page::<MessagePage>(&[("limit", "0"), ("before", "x"), ("after", "y")]).unwrap_err();
        assert_eq!(problem.errors.len(), 3);
        assert!(page::<MessagePage>(&[("before", "1"), ("after", "2")]).is_err());
        assert_eq!(page::<MessagePage>(&[]).unwrap().limit, DEFAULT_LIMIT);
        assert_eq!(page::<MemberPage>(&[]).unwrap().limit, MAX_LIMIT);
        let bad = [("limit", "x"), ("microdao_id", "y"), ("cursor", "z")];
        assert_eq!(page::<ChannelPage>(&bad).unwrap_err().errors.len(), 3);
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let id = "6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4";
        let query =
            [("cursor", "2026-11-22T10:00:00Z_6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4"), ("microdao_id", "microdao:x")];
        let channels: ChannelPage = page(&query).unwrap();
        assert_eq!(channels.cursor.as_ref().map(|(_, id)| id.to_string()).as_deref(), Some(id));
        assert_eq!(channels.shared_query(), "limit=50&microdao_id=microdao:x");
        for bad in ["", "now_x", "42_6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4"] {
            assert!(page::<ChannelPage>(&[("cursor", bad)]).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") { let _ = Position::parse(&text); }
        #[test]
        fn limits_stay_within_bounds(limit in any::<i64>()) {
            let mut errors = Vec::new();
            let read = parse_limit(Some(&limit.to_string()), DEFAULT_LIMIT, &mut errors);
            prop_assert!((1..=MAX_LIMIT).contains(&read));
            prop_assert_eq!(errors.is_empty(), (1..=i64::from(MAX_LIMIT)).contains(&limit));
        }
    }
}
