//! Operators: what has to hold beside the text.

use serde::Serialize;
use strum::EnumString;

use super::hint::HintCode;
use crate::search::moment::Period;

/// The longest value of an operator, in characters.
const MAX_VALUE: usize = 255;

/// What an operator asks for. As JSON it is what `messaging.search_messages` reads:
/// `{"is_negated": false, "operator": "from", "value": {"named": "olena"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// Asks for what is not so.
    pub is_negated: bool,
    /// What it asks for.
    #[serde(flatten)]
    pub kind: FilterKind,
}

/// What an operator asks for, or asks to be without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "operator", content = "value", rename_all = "snake_case")]
pub enum FilterKind {
    /// `from:` who wrote it.
    From(Who),
    /// `in:` the channel, by its id or its name, as it is written but without `#`.
    In(String),
    /// `before:`, `after:`, `on:`.
    Within(Period),
    /// `has:` what it has.
    Has(Has),
    /// `is:` what it is.
    Is(Is),
    /// `mentions:` whom it mentions.
    Mentions(Who),
    /// Nothing is so: what stands for the filters of a query that contradicts itself, so that the index need not look.
    Nothing,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// `me`: the caller.
    Me,
    /// Somebody by an id or a name, as it is written but without `@`; of an id in Matrix it is kept.
    Named(String),
}

/// What a message can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, Serialize)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Has {
    File,
    Image,
    Audio,
    Video,
    Link,
    Reaction,
    Thread,
    Pin,
}

/// What a message can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, Serialize)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Is {
    /// Answers another.
    Reply,
    /// Was changed.
    Edited,
    /// Was written by an agent.
    Agent,
    /// Mentions the caller, or everybody.
    Mention,
    /// The caller has not read it.
    Unread,
}

/// Reads an operator. An error is what to hint; `None` when it is no operator and does not look like one.
pub(super) fn read(operator: &str, value: &str) -> Result<FilterKind, Option<HintCode>> {
    let value = value.trim();
    let lower = value.to_lowercase();
    let kind = match operator.to_ascii_lowercase().as_str() {
        "from" | "in" | "mentions" | "before" | "after" | "on" | "has" | "is" if value.is_empty() => {
            return Err(Some(HintCode::MissingValue));
        }
        "from" | "in" | "mentions" if value.chars().nth(MAX_VALUE).is_some() || value.contains('\0') => {
            return Err(Some(HintCode::UnknownValue));
        }
        "from" => Ok(FilterKind::From(who(value))),
        "mentions" => Ok(FilterKind::Mentions(who(value))),
        "in" => Ok(FilterKind::In(without('#', value))),
        "before" => Period::before(value).map(FilterKind::Within).ok_or(HintCode::NotATime),
        "after" => Period::after(value).map(FilterKind::Within).ok_or(HintCode::NotATime),
        "on" => Period::on(value).map(FilterKind::Within).ok_or(HintCode::NotATime),
        "has" => lower.parse().map(FilterKind::Has).map_err(|_| HintCode::UnknownValue),
        "is" => lower.parse().map(FilterKind::Is).map_err(|_| HintCode::UnknownValue),
        // `https://…`, `localhost:8080`, `C:\`, `re:` are words.
        _ if value.is_empty() || value.starts_with(|c: char| matches!(c, '/' | '\\') || c.is_numeric()) => {
            return Err(None);
        }
        _ => Err(HintCode::UnknownOperator),
    };
    kind.map_err(Some)
}

fn who(value: &str) -> Who {
    match value.eq_ignore_ascii_case("me") {
        true => Who::Me,
        // `@user:server` is an id in Matrix.
        false if value.contains(':') => Who::Named(value.to_owned()),
        false => Who::Named(without('@', value)),
    }
}

fn without(sigil: char, value: &str) -> String {
    match value.strip_prefix(sigil) {
        Some(name) if !name.is_empty() && !name.contains(':') => name.to_owned(),
        _ => value.to_owned(),
    }
}
