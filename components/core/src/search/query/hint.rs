//! What a caller may want to know about a query.

use serde::Serialize;

use crate::text::clip;

/// The longest beginning of what was written that a hint repeats, in bytes.
const MAX_WORD: usize = 100;

/// Something about a query that was not done as it may have been meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Hint {
    /// What it is about.
    pub code: HintCode,
    /// The part of the query, as it is written; empty when it is about all of it.
    pub word: String,
    /// The same for people, in English.
    pub detail: &'static str,
}

/// What a hint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HintCode {
    /// There is no such operator.
    UnknownOperator,
    /// The operator has no such value.
    UnknownValue,
    /// The operator has no value.
    MissingValue,
    /// The value is no day and no moment.
    NotATime,
    /// A quote has no end.
    UnclosedQuote,
    /// The prefix has too few letters.
    PrefixTooShort,
    /// The query is longer than what is read of it.
    QueryTooLong,
    /// The query has more words than are looked for.
    TooManyWords,
    /// The query has more filters than are kept to.
    TooManyFilters,
    /// The query has nothing that could be found.
    NothingToFind,
}

impl Hint {
    pub(super) fn new(code: HintCode, word: &str) -> Self {
        let detail = match code {
            HintCode::UnknownOperator => {
                "There is no such operator, so this is searched for as a word. Operators are from, in, before, after, on, has, \
                 is and mentions."
            }
            HintCode::UnknownValue => {
                "The operator has no such value, so this is searched for as a word. Use has:file, image, audio, video, link, \
                 reaction, thread or pin, and is:reply, edited, agent, mention or unread."
            }
            HintCode::MissingValue => {
                "The operator needs a value right behind the colon, so this is searched for as a word."
            }
            HintCode::NotATime => {
                "A time is a day (2026-11-26) or a moment (2026-11-26T12:00:00Z), so this is searched for as a word."
            }
            HintCode::UnclosedQuote => "The quote has no end, so its words are searched for in any order.",
            HintCode::PrefixTooShort => "A prefix needs at least three letters, so this is searched for as a word.",
            HintCode::QueryTooLong => "The query is too long; only its beginning is searched for.",
            HintCode::TooManyWords => "The query has too many words; this and what follows is not searched for.",
            HintCode::TooManyFilters => "The query has too many operators; the last ones are not kept to.",
            HintCode::NothingToFind => "The query has no word and no operator.",
        };
        Self { code, word: clip(word, MAX_WORD).into_owned(), detail }
    }
}
