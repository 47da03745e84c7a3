//! What a query asks for.
//!
//! Words are all to be there. `"phrases"` are there word for word, `prefix*` is the beginning of a word, and `-` before any of
//! these, or before an operator, asks for what is without it. Nothing is an error: what cannot be understood is searched for
//! as words, and a [`Hint`] says so.

mod contradiction;
mod filter;
mod hint;
mod reader;
mod term;

pub use filter::{Filter, FilterKind, Has, Is, Who};
pub use hint::{Hint, HintCode};
pub(super) use term::Atom;
pub use term::Term;

use super::{MAX_FILTERS, MAX_QUERY, MAX_QUERY_WORDS};
use reader::{Item, items};

/// The most hints that are given.
const MAX_HINTS: usize = 16;

/// A query that was understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// What is looked for in the text; all of it has to hold.
    pub terms: Vec<Term>,
    /// What else has to hold.
    pub filters: Vec<Filter>,
    /// What the caller may want to know.
    pub hints: Vec<Hint>,
}

impl Query {
    /// The literal for `$1::tsquery`; `None` when there is no term, and everything that passes the filters is found.
    pub fn tsquery(&self) -> Option<String> {
        let terms: Vec<String> = self.terms.iter().map(Term::tsquery).collect();
        (!terms.is_empty()).then(|| terms.join(" & "))
    }

    /// The literal for what is looked up in the index: what every text has that is found, in words without prefixes, as
    /// PostgreSQL would read all words that begin so; only where there is nothing else, the longest prefix. `None` when there
    /// is no term that an index finds.
    pub fn index_tsquery(&self) -> Option<String> {
        let wanted = || self.terms.iter().filter(|term| !term.is_negated);
        let words: Vec<String> = wanted().filter_map(Term::index_tsquery).collect();
        match words.is_empty() {
            false => Some(words.join(" & ")),
            true => wanted().max_by_key(|term| term.prefix_length()).map(Term::tsquery),
        }
    }

    /// Whether there is a term that an index finds. Without one, only newest messages can be tried in turn: PostgreSQL would
    /// read the whole index for a negation.
    pub fn is_selective(&self) -> bool {
        self.terms.iter().any(|term| !term.is_negated)
    }

    /// The words that are to be there, each with the literal for `$1::tsquery` that finds it alone: what may be misspelt.
    pub fn words(&self) -> impl Iterator<Item = (String, String)> {
        self.terms.iter().filter_map(|term| Some((term.word()?.to_owned(), term.tsquery())))
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && self.filters.is_empty()
    }

    fn hint(&mut self, hint: Hint) {
        let is_known = self
            .hints
            .iter()
            .any(|other| other.code == hint.code && (other.word == hint.word || hint.code == HintCode::TooManyWords));
        if !is_known && self.hints.len() < MAX_HINTS {
            self.hints.push(hint);
        }
    }

    fn add_terms(&mut self, terms: Vec<Term>) {
        for term in terms {
            let words: usize = self.terms.iter().chain([&term]).map(Term::words).sum();
            if words > MAX_QUERY_WORDS {
                self.hint(Hint::new(HintCode::TooManyWords, term.text()));
            } else if !self.terms.iter().any(|other| other.tsquery() == term.tsquery()) {
                self.terms.push(term);
            }
        }
    }

    fn add_filter(&mut self, filter: Filter) {
        if self.filters.contains(&filter) {
            return;
        }
        match self.filters.len() < MAX_FILTERS {
            true => self.filters.push(filter),
            false => self.hint(Hint::new(HintCode::TooManyFilters, "")),
        }
    }
}

/// Reads a query, at most [`MAX_QUERY`] characters of it.
pub fn parse(text: &str) -> Query {
    let mut query = Query::default();
    let end = text.char_indices().nth(MAX_QUERY).map_or(text.len(), |(at, _)| at);
    if end < text.len() {
        query.hint(Hint::new(HintCode::QueryTooLong, ""));
    }
    let text = text.get(..end).unwrap_or_default();
    for item in items(text) {
        match item {
            Item::Words { is_negated, text } => add_words(&mut query, text, is_negated),
            Item::Phrase { is_negated, text, is_closed } => {
                if !is_closed {
                    query.hint(Hint::new(HintCode::UnclosedQuote, text));
                    text.split_whitespace().for_each(|word| add_words(&mut query, word, is_negated));
                } else {
                    let (terms, hint) = term::phrase(text, is_negated);
                    hint.into_iter().for_each(|hint| query.hint(hint));
                    query.add_terms(terms);
                }
            }
            Item::Operator { is_negated, operator, value, written } => match filter::read(operator, value) {
                Ok(kind) => query.add_filter(Filter { is_negated, kind }),
                Err(code) => {
                    if let Some(code) = code {
                        query.hint(Hint::new(code, written));
                    }
                    add_words(&mut query, written, is_negated);
                }
            },
        }
    }
    if query.is_empty() {
        query.hint(Hint::new(HintCode::NothingToFind, ""));
    } else if contradiction::is_contradiction(&query.terms, &query.filters) {
        query.filters = vec![Filter { is_negated: false, kind: FilterKind::Nothing }];
    }
    query
}

fn add_words(query: &mut Query, text: &str, is_negated: bool) {
    let (terms, hint) = term::words(text, is_negated);
    hint.into_iter().for_each(|hint| query.hint(hint));
    query.add_terms(terms);
}
