//! Stems of English words, by Snowball.

use snowball_stemmers_rs::{Algorithm, Stemmer};

/// The stem of a word of `a` to `z` and apostrophes (`ʼ`).
pub fn stem(word: &str) -> String {
    // Snowball knows the apostrophe of ASCII; `it's` is `it`.
    let word = word.replace('ʼ', "'");
    Stemmer::create(Algorithm::English).stem(&word).replace('\'', "ʼ")
}
