//! A place in a channel's messages, as `before` and `after` name it.

use crate::ids::MessageId;
use serde::Serialize;

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
        let moment = year >= 1 && (1..=days).contains(&day) && hour < 24 && minute < 60;
        let rest = text.get(19..)?;
        // PostgreSQL rounds a fraction up, and a leap second has no room for that.
        let moment = moment && (second < 60 || second == 60 && !rest.starts_with('.'));
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

    #[test]
    fn a_place_is_a_seq_a_message_or_a_time() {
        assert_eq!(Position::parse("42"), Some(Position::Seq(42)));
        assert!(matches!(Position::parse("6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4"), Some(Position::Message(_))));
        for time in [
            "2026-11-22T10:00:00Z",
            "2026-11-22t10:00:00.123456+02:00",
            "2024-02-29 10:00:00-14:00",
            "2024-02-29T23:59:60Z",
        ] {
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
            "2024-02-29T23:59:60.999999999Z",
        ] {
            assert_eq!(Position::parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") { let _ = Position::parse(&text); }
    }
}
