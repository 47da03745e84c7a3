//! Queries that no text can answer, as they ask for what they ask to be without.

use super::filter::{Filter, FilterKind};
use super::term::{Atom, Term};
use crate::search::analysis::stems;

/// Whether a query contradicts itself: `word -word`, `"many words" -words`, `has:file -has:file`, a time that ends before it
/// begins. Not every query that finds nothing is known here, and none that may find something.
pub(super) fn is_contradiction(terms: &[Term], filters: &[Filter]) -> bool {
    let (negated, wanted): (Vec<&Term>, Vec<&Term>) = terms.iter().partition(|term| term.is_negated);
    let is_without = negated.iter().any(|negated| wanted.iter().any(|wanted| has(wanted, negated)));
    let is_opposite =
        filters.iter().any(|filter| !filter.is_negated && filters.iter().any(|other| is_negation(other, filter)));
    is_without || is_opposite || is_no_time(filters)
}

fn is_negation(filter: &Filter, other: &Filter) -> bool {
    filter.is_negated && filter.kind == other.kind
}

/// Whether the times that are asked for have no moment together.
fn is_no_time(filters: &[Filter]) -> bool {
    let periods = || {
        filters.iter().filter(|filter| !filter.is_negated).filter_map(|filter| match &filter.kind {
            FilterKind::Within(period) => Some(period),
            _ => None,
        })
    };
    let from = periods().filter_map(|period| period.from.as_ref()).max();
    let until = periods().filter_map(|period| period.until.as_ref()).min();
    from.zip(until).is_some_and(|(from, until)| from >= until)
}

/// Whether every text that has the one has the other too.
fn has(one: &Term, other: &Term) -> bool {
    ways(one).all(|words| {
        ways(other).any(|part| words.windows(part.len()).any(|window| window.iter().zip(part).all(|(a, b)| is_a(a, b))))
    })
}

/// The words in a row of which one way of writing a term consists.
fn ways(term: &Term) -> impl Iterator<Item = &[Atom]> {
    let whole = term.whole.as_slice();
    [whole, &term.atoms].into_iter().filter(|words| !words.is_empty())
}

/// Whether every word that is the one is the other too.
fn is_a(one: &Atom, other: &Atom) -> bool {
    match (one, other) {
        (Atom::Form { stems, .. }, Atom::Form { stems: others, .. }) => stems.iter().all(|stem| others.contains(stem)),
        (Atom::Exact(form), Atom::Form { stems: others, .. }) => stems(form).iter().any(|stem| others.contains(stem)),
        (Atom::Exact(form), Atom::Exact(other)) => form == other,
        (Atom::Exact(form) | Atom::Prefix(form), Atom::Prefix(other)) => form.starts_with(other),
        (Atom::Form { .. }, Atom::Exact(_) | Atom::Prefix(_))
        | (Atom::Prefix(_), Atom::Form { .. } | Atom::Exact(_)) => false,
    }
}
