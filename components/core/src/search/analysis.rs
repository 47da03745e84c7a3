//! What a text is found by.

use super::fold::{Folded, form, is_cyrillic};
use super::vector::Vector;
use super::words::{Range, Run, parts, runs};
use super::{EXACT, MAX_LEXEME, english, ukrainian};

/// A longer word has no stems but itself.
const MAX_STEMMED: usize = 64;

/// The words of a text, with their places.
#[derive(Debug, Clone)]
pub struct Analysis {
    pub(super) tokens: Vec<Token>,
    has_link: bool,
}

/// Something that a text is found by.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// The number of the word, from 1. A whole has that of its first word.
    pub position: usize,
    /// How many positions it takes: more than one for a whole, none for an emoji.
    pub width: usize,
    /// Where it stands in the text as written, in code points.
    pub from: usize,
    pub to: usize,
    pub form: String,
    pub stems: Vec<String>,
}

impl Analysis {
    /// The text as a `tsvector`: the literal for `$1::tsvector`, at most [`super::MAX_VECTOR`] bytes in PostgreSQL.
    pub fn vector(&self) -> String {
        let mut vector = Vector::default();
        for token in &self.tokens {
            vector.add(format!("{EXACT}{}", token.form), token.position);
            for stem in &token.stems {
                vector.add(stem.clone(), token.position);
            }
        }
        vector.literal()
    }

    /// Whether the text has an address with a scheme: `https://…`.
    pub fn has_link(&self) -> bool {
        self.has_link
    }

    /// The words in their exact forms, as they stand in the text: the vocabulary for suggestions. Without numbers and what is
    /// written in one piece.
    pub fn forms(&self) -> impl Iterator<Item = &str> {
        self.tokens
            .iter()
            .filter(|token| token.width == 1 && token.form.chars().all(|c| c.is_alphabetic() || c == 'ʼ'))
            .map(|token| token.form.as_str())
    }
}

/// Finds the words of a text, at most [`super::MAX_TEXT`] characters of it.
pub fn analyse(text: &str) -> Analysis {
    let folded = Folded::new(text);
    let mut analysis = Analysis { tokens: Vec::new(), has_link: false };
    let mut position = 0;
    for run in runs(&folded.text) {
        analysis.has_link |= run.is_link;
        add_run(&folded, &run, position, &mut analysis.tokens);
        if !run.is_emoji {
            position += run.words.len();
        }
    }
    analysis
}

fn add_run(folded: &Folded, run: &Run, before: usize, tokens: &mut Vec<Token>) {
    let text = &folded.text;
    let mut add = |range: &Range, position: usize, width: usize, form: String, stems: Vec<String>| {
        let (from, to) = folded.origin(range.start, range.end);
        tokens.push(Token { position, width, from, to, form: cut(form), stems });
    };
    if run.is_emoji {
        let symbol = text.get(run.range.clone()).unwrap_or_default();
        add(&run.range, before.max(1), 0, symbol.to_owned(), Vec::new());
        return;
    }
    if let Some(whole) = run.whole(text) {
        // `@alice` is found in `@alice:example.com` too.
        let local = whole.split_once(':').filter(|_| whole.starts_with('@')).map(|(local, _)| local.to_owned());
        for name in local.into_iter().chain([whole]) {
            add(&run.range, before + 1, run.words.len(), name, Vec::new());
        }
    }
    for (number, word) in run.words.iter().enumerate() {
        for range in std::iter::once(word.clone()).chain(parts(text, word)) {
            let form = form(text.get(range.clone()).unwrap_or_default());
            let stems = stems(&form);
            add(&range, before + number + 1, 1, form, stems);
        }
    }
}

/// The stems of a word's form.
pub(super) fn stems(form: &str) -> Vec<String> {
    let letters = |is: fn(char) -> bool| form.chars().all(|c| is(c) || c == 'ʼ');
    if form.chars().count() > MAX_STEMMED {
        vec![cut(form.to_owned())]
    } else if letters(is_cyrillic) {
        ukrainian::stems(&form.replace('ʼ', ""))
    } else if letters(|c| c.is_ascii_lowercase()) {
        vec![english::stem(form)]
    } else {
        vec![form.to_owned()]
    }
}

/// The beginning that makes a lexeme, with room for [`EXACT`].
pub(super) fn cut(mut form: String) -> String {
    form.truncate(form.floor_char_boundary(MAX_LEXEME - EXACT.len_utf8()));
    form
}
