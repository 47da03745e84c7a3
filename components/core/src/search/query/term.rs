//! Words, phrases and prefixes.

use crate::search::analysis::{cut, stems};
use crate::search::fold::{Folded, form};
use crate::search::query::hint::{Hint, HintCode};
use crate::search::vector::quote;
use crate::search::words::{Run, runs};
use crate::search::{EXACT, MIN_PREFIX};

/// Something that a text has to have, or not to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The text must not have it.
    pub is_negated: bool,
    /// Words that follow each other.
    pub(in crate::search) atoms: Vec<Atom>,
    /// The same written in one piece, which is enough.
    pub(in crate::search) whole: Option<Atom>,
}

/// A word as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::search) enum Atom {
    /// A form of the word that has one of these stems.
    Form { form: String, stems: Vec<String> },
    /// Exactly this form.
    Exact(String),
    /// A form that begins so.
    Prefix(String),
}

impl Term {
    /// The word that is asked for, for suggestions, when it is one word and is to be there.
    pub fn word(&self) -> Option<&str> {
        match self.atoms.as_slice() {
            [Atom::Form { form, .. }] if !self.is_negated && self.whole.is_none() => Some(form),
            _ => None,
        }
    }

    /// How many words it has.
    pub(super) fn words(&self) -> usize {
        self.atoms.len().max(1)
    }

    /// The first word.
    pub(super) fn text(&self) -> &str {
        match self.atoms.first().or(self.whole.as_ref()) {
            Some(Atom::Form { form, .. } | Atom::Exact(form) | Atom::Prefix(form)) => form,
            None => "",
        }
    }

    /// The characters of the shortest prefix that is enough.
    pub(super) fn prefix_length(&self) -> usize {
        let prefixes = self.atoms.last().into_iter().chain(&self.whole).filter_map(|atom| match atom {
            Atom::Prefix(form) => Some(form.chars().count()),
            _ => None,
        });
        prefixes.min().unwrap_or_default()
    }

    /// The words that a text has in which the term is, wherever they stand; `None` when only a prefix is certain.
    pub(super) fn index_tsquery(&self) -> Option<String> {
        let atoms = self.atoms.iter().filter(|atom| !matches!(atom, Atom::Prefix(_)));
        let words = Some(atoms.map(Atom::tsquery).collect::<Vec<_>>().join(" & ")).filter(|words| !words.is_empty());
        match &self.whole {
            None => words.map(|words| format!("({words})")),
            Some(Atom::Prefix(_)) => None,
            Some(whole) if self.atoms.is_empty() => Some(whole.tsquery()),
            Some(whole) => words.map(|words| format!("({} | ({words}))", whole.tsquery())),
        }
    }

    pub(super) fn tsquery(&self) -> String {
        let phrase: Vec<String> = self.atoms.iter().map(Atom::tsquery).collect();
        let phrase = phrase.join(" <-> ");
        let expression = match &self.whole {
            Some(whole) if phrase.is_empty() => whole.tsquery(),
            Some(whole) => format!("({} | ({phrase}))", whole.tsquery()),
            None if self.atoms.len() > 1 => format!("({phrase})"),
            None => phrase,
        };
        if self.is_negated { format!("!{expression}") } else { expression }
    }
}

impl Atom {
    fn tsquery(&self) -> String {
        let mut literal = String::new();
        match self {
            Self::Form { stems, .. } if stems.len() > 1 => {
                for stem in stems {
                    literal.push_str(if literal.is_empty() { "(" } else { " | " });
                    quote(stem, &mut literal);
                }
                literal.push(')');
            }
            Self::Form { stems, .. } => quote(stems.first().map_or("", String::as_str), &mut literal),
            Self::Exact(form) => quote(&format!("{EXACT}{form}"), &mut literal),
            Self::Prefix(form) => {
                quote(&format!("{EXACT}{form}"), &mut literal);
                literal.push_str(":*");
            }
        }
        literal
    }
}

fn exact(form: String) -> Atom {
    Atom::Exact(cut(form))
}

/// What is written between spaces: words, each found in any form; those written in one piece follow each other.
pub(super) fn words(written: &str, is_negated: bool) -> (Vec<Term>, Option<Hint>) {
    let (text, is_prefix) = match written.strip_suffix('*') {
        Some(text) => (text, true),
        None => (written, false),
    };
    let folded = Folded::new(text);
    let runs = runs(&folded.text);
    // The star belongs to the word that it stands directly behind.
    let last = runs
        .len()
        .checked_sub(1)
        .filter(|_| is_prefix && runs.last().is_some_and(|run| run.range.end == folded.text.len()));
    let (mut terms, mut hint) = (Vec::<Term>::new(), None);
    for (at, run) in runs.iter().enumerate() {
        let mut term = term(&folded.text, run, is_negated);
        if last == Some(at) && !make_prefix(&mut term) {
            hint = Some(Hint::new(HintCode::PrefixTooShort, written));
        }
        match terms.last_mut() {
            // Words of a language without spaces.
            Some(before) if run.is_glued && before.whole.is_none() && term.whole.is_none() => {
                before.atoms.append(&mut term.atoms)
            }
            _ => terms.push(term),
        }
    }
    (terms, hint)
}

fn term(text: &str, run: &Run, is_negated: bool) -> Term {
    if run.is_emoji {
        let symbol = text.get(run.range.clone()).unwrap_or_default().to_owned();
        return Term { is_negated, atoms: vec![exact(symbol)], whole: None };
    }
    let whole = run.whole(text).map(exact);
    let words = run.words.iter().filter(|_| !run.is_marked).map(|word| {
        let form = form(text.get(word.clone()).unwrap_or_default());
        Atom::Form { stems: stems(&form), form: cut(form) }
    });
    Term { is_negated, atoms: words.collect(), whole }
}

/// Makes the last word of a term a prefix. A word that is too short stays a word.
fn make_prefix(term: &mut Term) -> bool {
    let prefix = |atom: &Atom| match atom {
        Atom::Form { form, .. } | Atom::Exact(form) | Atom::Prefix(form) => Some(Atom::Prefix(form.clone()))
            .filter(|_| form.chars().filter(|c| c.is_alphanumeric()).nth(MIN_PREFIX - 1).is_some()),
    };
    let whole = term.whole.as_ref().map(prefix);
    let last = term.atoms.last().map(prefix);
    match (whole, last) {
        (Some(Some(whole)), Some(Some(last))) => {
            term.whole = Some(whole);
            term.atoms.pop();
            term.atoms.push(last);
        }
        // `v1.2*`: the whole is long enough, its last word is not.
        (Some(Some(whole)), _) => {
            term.whole = Some(whole);
            term.atoms.clear();
        }
        (None, Some(Some(last))) => {
            term.atoms.pop();
            term.atoms.push(last);
        }
        _ => return false,
    }
    true
}

/// What is written in quotes: exactly these words, one behind the other. Symbols stand between words, so they are asked for
/// beside them.
pub(super) fn phrase(written: &str, is_negated: bool) -> (Vec<Term>, Option<Hint>) {
    let (text, is_prefix) = match written.strip_suffix('*') {
        Some(text) => (text, true),
        None => (written, false),
    };
    let folded = Folded::new(text);
    let mut terms = Vec::new();
    let mut phrase = Term { is_negated, atoms: Vec::new(), whole: None };
    for run in runs(&folded.text) {
        if run.is_emoji {
            terms.push(term(&folded.text, &run, is_negated));
            continue;
        }
        match run.whole(&folded.text).filter(|_| run.is_marked && run.words.len() == 1) {
            Some(whole) => phrase.atoms.push(exact(whole)),
            None => phrase
                .atoms
                .extend(run.words.iter().map(|word| exact(form(folded.text.get(word.clone()).unwrap_or_default())))),
        }
    }
    let too_short = is_prefix && !phrase.atoms.is_empty() && !make_prefix(&mut phrase);
    if !phrase.atoms.is_empty() {
        terms.insert(0, phrase);
    }
    (terms, too_short.then(|| Hint::new(HintCode::PrefixTooShort, written)))
}
