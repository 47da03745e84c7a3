//! Analysis, query and highlights together.

mod analysis;
mod dictionary;
mod generated;
mod highlights;
mod queries;

use super::*;

/// Whether a query finds a text.
fn finds(query: &str, text: &str) -> bool {
    parse(query).matches(&analyse(text))
}

/// The codes of a query's hints.
fn codes(query: &Query) -> Vec<HintCode> {
    query.hints.iter().map(|hint| hint.code).collect()
}
