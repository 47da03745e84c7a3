//! A light stemmer for Ukrainian: which words are forms of one word.
//!
//! A form can belong to several words (`мати`: a mother, to have; `води`: waters, lead!), so a word has up to
//! [`MAX_STEMS`] stems, and two words meet when they share one. Names, adjectives and all else have one *nominal* stem, without
//! endings and without what changes inside (`ніч`, `ночі`; `день`, `дня`; `книга`, `книзі`). What ends like a verb has *verbal*
//! stems as well: the infinitives that it may come from, without `ти` and marked with [`VERB`], so that they meet no noun.
//!
//! Input: one word of lower-case Cyrillic letters without apostrophes, `ґ` written `г`.

mod nominal;
mod verbal;

/// The most stems of one word: a nominal one and the verbal ones.
pub const MAX_STEMS: usize = 6;
/// What ends a verbal stem.
const VERB: char = '+';
/// Words of fewer letters have only themselves: they are mostly particles, prepositions and pronouns.
const MIN_LETTERS: usize = 3;

/// The stems of a word: at least one, at most [`MAX_STEMS`], none twice.
pub fn stems(word: &str) -> Vec<String> {
    if word.chars().count() < MIN_LETTERS {
        return vec![word.to_owned()];
    }
    let nominal = if is_infinitive(word) { Vec::new() } else { nominal::stems(word) };
    let mut stems: Vec<String> = Vec::new();
    for stem in nominal.into_iter().chain(verbal::stems(word)) {
        // Of `ььь`, which is no word, nothing stays.
        if stems.len() < MAX_STEMS && !stem.is_empty() && !stems.contains(&stem) {
            stems.push(stem);
        }
    }
    if stems.is_empty() {
        stems.push(word.to_owned());
    }
    stems
}

fn is_vowel(c: char) -> bool {
    "аеєиіїоуюя".contains(c)
}

fn is_hushing(c: char) -> bool {
    "жчшщ".contains(c)
}

/// Whether a word is an infinitive and no form of a noun: `взяти`, which is not to meet `взятий`.
fn is_infinitive(word: &str) -> bool {
    ["яти", "чати", "нути", "крити", "бити", "вити", "мити", "шити", "тися", "тись"]
        .iter()
        .any(|ending| word.ends_with(ending))
}
