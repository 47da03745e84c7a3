//! Where a query hits a text.

use std::collections::BTreeMap;

use serde::Serialize;

use super::analysis::{Analysis, Token};
use super::query::{Atom, Query, Term};

/// The most places that are told.
pub(super) const MAX_HIGHLIGHTS: usize = 100;

/// A place in a text, in characters (code points): from the one at `start` to the one before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Span {
    /// The first character.
    pub start: usize,
    /// The first behind it.
    pub end: usize,
}

/// Where the terms of a query hit a text: in order, none over another, the first hundred.
pub fn highlights(analysis: &Analysis, query: &Query) -> Vec<Span> {
    let mut spans: Vec<Span> =
        query.terms.iter().filter(|term| !term.is_negated).flat_map(|term| hits(term, analysis)).collect();
    spans.sort_unstable();
    let mut joined: Vec<Span> = Vec::new();
    for span in spans {
        let is_full = joined.len() == MAX_HIGHLIGHTS;
        match joined.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ if is_full => break,
            _ => joined.push(span),
        }
    }
    joined
}

impl Query {
    /// Whether all terms hold for a text, as PostgreSQL sees it; filters are not looked at.
    pub fn matches(&self, analysis: &Analysis) -> bool {
        self.terms.iter().all(|term| hits(term, analysis).is_empty() == term.is_negated)
    }
}

fn hits(term: &Term, analysis: &Analysis) -> Vec<Span> {
    let whole = term.whole.iter().flat_map(|whole| places(whole, analysis).into_values());
    let mut hits: Vec<Span> = whole.collect();
    let mut atoms = term.atoms.iter();
    let Some(first) = atoms.next() else { return hits };
    // By the position of the last word.
    let mut phrases = places(first, analysis);
    for atom in atoms {
        let next = places(atom, analysis);
        phrases = phrases
            .into_iter()
            .filter_map(|(position, from)| {
                let to = next.get(&(position + 1))?;
                Some((position + 1, Span { start: from.start.min(to.start), end: from.end.max(to.end) }))
            })
            .collect();
    }
    hits.extend(phrases.into_values());
    hits
}

/// Where an atom hits, by the number of the word.
fn places(atom: &Atom, analysis: &Analysis) -> BTreeMap<usize, Span> {
    let found = |token: &&Token| match atom {
        Atom::Form { stems, .. } => token.stems.iter().any(|stem| stems.contains(stem)),
        Atom::Exact(form) => token.form == *form,
        Atom::Prefix(form) => token.form.starts_with(form.as_str()),
    };
    let mut places = BTreeMap::new();
    for token in analysis.tokens.iter().filter(found) {
        let span = Span { start: token.from, end: token.to };
        places.entry(token.position).or_insert(span);
    }
    places
}
