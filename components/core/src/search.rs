//! Search, the pure part: what a text is found by, what a query asks for, and where it hits.
//!
//! Index and query go through the same analysis, and it happens here: PostgreSQL gets a ready `tsvector` or `tsquery` as
//! text, and needs no dictionary, no text search configuration and no locale.
//!
//! **Lexemes.** Every word of a text gives its stems (`книга`) and its exact form with [`EXACT`] before it (`=книгами`), both
//! at the word's position. What is written in one piece (`user@example.com`, `report-2026.pdf`, `snake_case`, `v1.2.3`) gives
//! its words and, at the position of the first, the whole (`=user@example.com`). The parts of a word that only its letters
//! tell (`getUserName`, `covid19`) share the position of the word.

mod analysis;
mod english;
mod entry;
mod excerpt;
mod fold;
mod found;
mod highlight;
mod moment;
#[cfg(feature = "openapi")]
mod operations;
mod query;
mod ukrainian;
mod vector;
mod words;

pub use analysis::{Analysis, analyse};
pub use entry::Entry;
pub use excerpt::{Excerpt, excerpt};
pub use found::{ChannelOfHit, DidYouMean, Found, Hit, MAX_EXCERPT, MAX_MISSPELT, MAX_SUGGESTIONS};
pub use highlight::{Span, highlights};
pub use moment::Period;
#[cfg(feature = "openapi")]
pub use operations::operations;
pub use query::{Filter, FilterKind, Has, Hint, HintCode, Is, Query, Term, Who, parse};

/// Which analysis this is. A change by which a text gets other lexemes makes it one more, and `ws-relay reindex` gives them to
/// messages that have those of an earlier one.
pub const VERSION: i16 = 1;
/// How many characters (code points) of a text are looked at. A message of our own has at most 10,000; an event of Matrix
/// has at most 65,536 bytes.
pub const MAX_TEXT: usize = 65_536;
/// The most bytes of one lexeme; a longer word is known by its beginning. PostgreSQL allows 2,046.
pub const MAX_LEXEME: usize = 512;
/// The most bytes that one text's lexemes and positions take in a `tsvector`. PostgreSQL allows 1,048,575.
pub const MAX_VECTOR: usize = 262_144;
/// The last position that a `tsvector` can hold; words behind it are found, but not in phrases.
pub const MAX_POSITION: usize = 16_383;
/// The most positions of one lexeme: what PostgreSQL keeps.
pub const MAX_POSITIONS: usize = 255;
/// How many characters (code points) of a query are read.
pub const MAX_QUERY: usize = 500;
/// The most words of a query, those in phrases counted.
pub const MAX_QUERY_WORDS: usize = 32;
/// The most filters of a query.
pub const MAX_FILTERS: usize = 16;
/// How many letters a prefix needs: with fewer, PostgreSQL would read a large part of the index.
pub const MIN_PREFIX: usize = 3;
/// What stands before an exact form.
pub const EXACT: char = '=';

#[cfg(test)]
mod tests;
