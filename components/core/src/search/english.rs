//! Stems of English words, by Snowball.

use snowball_stemmers_rs::{Algorithm, Stemmer};

/// The stem of a word of `a` to `z` and apostrophes (`ʼ`).
pub fn stem(word: &str) -> String {
    // Snowball knows the apostrophe of ASCII; `it's` is `it`.
    let ascii = word.replace('ʼ', "'");
    let stem = Stemmer::create(Algorithm::English).stem(&ascii).replace('\'', "ʼ");
    // Of `''s` nothing stays, and PostgreSQL takes no empty lexeme.
    if stem.is_empty() { word.to_owned() } else { stem }
}
