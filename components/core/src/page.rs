//! Pages: how many, and from where.

use crate::ids::MessageId;
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

impl MessagePage {
    /// Reads `limit`, `before` and `after`; the problem names every bad one.
    pub fn parse<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let limit = parse_limit(parameter("limit"), &mut errors);
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
}

/// Reads `limit`; a bad one is added to `errors`.
pub fn parse_limit(text: Option<&str>, errors: &mut Vec<FieldError>) -> i32 {
    match text.map(str::parse::<i32>) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
        Some(_) => {
            errors.push(FieldError::parameter("limit", format!("must be a number from 1 to {MAX_LIMIT}")));
            DEFAULT_LIMIT
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

    fn page(query: &[(&str, &'static str)]) -> Result<MessagePage, Problem> {
        MessagePage::parse(|name| query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
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
        let problem = page(&[("limit", "0"), ("before", "x"), ("after", "y")]).unwrap_err();
        assert_eq!(problem.errors.len(), 3);
        assert!(page(&[("before", "1"), ("after", "2")]).is_err());
        assert_eq!(page(&[]).unwrap().limit, DEFAULT_LIMIT);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") { let _ = Position::parse(&text); }
        #[test]
        fn limits_stay_within_bounds(limit in any::<i64>()) {
            let mut errors = Vec::new();
            let read = parse_limit(Some(&limit.to_string()), &mut errors);
            prop_assert!((1..=MAX_LIMIT).contains(&read));
            prop_assert_eq!(errors.is_empty(), (1..=i64::from(MAX_LIMIT)).contains(&limit));
        }
    }
}
