//! One spelling for what looks or reads alike, with the way back to the text as it was written.

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::MAX_TEXT;

/// A text in one spelling: NFKC, without stress marks, soft hyphens and what else cannot be seen, with one apostrophe (`'`).
/// Upper and lower case stay: they show the parts of `getUserName`.
pub(super) struct Folded {
    pub text: String,
    pieces: Vec<Piece>,
}

/// A character as people see it that left something in the folded text.
struct Piece {
    /// Where it begins in the folded text, in bytes.
    at: usize,
    /// Where it stands in the text as written, in code points.
    from: usize,
    to: usize,
}

impl Folded {
    /// The first [`MAX_TEXT`] characters of a text.
    pub fn new(text: &str) -> Self {
        let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(at, _)| at);
        let mut folded = Self { text: String::with_capacity(end), pieces: Vec::new() };
        let mut from = 0;
        for cluster in text.get(..end).unwrap_or_default().graphemes(true) {
            let (at, to) = (folded.text.len(), from + cluster.chars().count());
            push(cluster, &mut folded.text);
            if folded.text.len() > at {
                folded.pieces.push(Piece { at, from, to });
            }
            from = to;
        }
        folded
    }

    /// Where the bytes from `start` to `end` of the folded text stand in the text as written, in code points.
    pub fn origin(&self, start: usize, end: usize) -> (usize, usize) {
        let piece = |at: usize| self.pieces.get(self.pieces.partition_point(|piece| piece.at <= at).saturating_sub(1));
        (piece(start).map_or(0, |piece| piece.from), piece(end.saturating_sub(1)).map_or(0, |piece| piece.to))
    }
}

/// The cluster in its one spelling.
fn push(cluster: &str, folded: &mut String) {
    let mut chars = cluster.chars();
    match (chars.next(), chars.next()) {
        // What most texts are made of is in its normal form already.
        (
            Some(single @ ('\0'..='&' | '('..='_' | 'a'..='\u{7f}' | 'Є'..='Ї' | 'А'..='я' | 'є'..='ї' | 'Ґ' | 'ґ')),
            None,
        ) => {
            folded.push(single);
        }
        _ => folded.extend(cluster.chars().map(unified).nfkd().filter(|c| !is_dropped(*c)).nfc()),
    }
}

/// One character for all that people type for the apostrophe of Ukrainian, and one for hyphens.
fn unified(c: char) -> char {
    match c {
        '`' | '´' | 'ʹ' | 'ʻ' | 'ʼ' | 'ʽ' | '՚' | '‘' | '’' | '‛' | '′' | '‵' | '\u{ff07}' | '\u{ff40}' => {
            '\''
        }
        '\u{2010}' | '\u{2011}' => '-',
        other => other,
    }
}

/// Stress marks (U+0300, U+0301), the soft hyphen, variation selectors, and characters that only shape or direct others.
fn is_dropped(c: char) -> bool {
    matches!(
        c,
        '\u{300}' | '\u{301}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200c}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The form of a word by which it is known: lower case, `ʼ` for the apostrophe, `ґ` written `г`, and letters of the other
/// alphabet that look alike written in the word's own (`cловo` with Latin `c` and `o`).
pub(super) fn form(word: &str) -> String {
    let lower: String = word
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            '\'' => 'ʼ',
            'ґ' => 'г',
            'ς' => 'σ',
            other => other,
        })
        .collect();
    if !lower.chars().any(is_cyrillic) || !lower.chars().any(is_latin) {
        return lower;
    }
    let all = |is: fn(char) -> bool, twin: fn(char) -> Option<char>| {
        lower.chars().filter(|c| is(*c)).all(|c| twin(c).is_some())
    };
    if all(is_latin, cyrillic_twin) {
        lower.chars().map(|c| cyrillic_twin(c).unwrap_or(c)).collect()
    } else if all(is_cyrillic, latin_twin) {
        lower.chars().map(|c| latin_twin(c).unwrap_or(c)).collect()
    } else {
        lower
    }
}

pub(super) fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
}

pub(super) fn is_latin(c: char) -> bool {
    matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

const TWINS: [(char, char); 13] = [
    ('a', 'а'),
    ('b', 'в'),
    ('c', 'с'),
    ('e', 'е'),
    ('h', 'н'),
    ('i', 'і'),
    ('k', 'к'),
    ('m', 'м'),
    ('o', 'о'),
    ('p', 'р'),
    ('t', 'т'),
    ('x', 'х'),
    ('y', 'у'),
];

fn cyrillic_twin(c: char) -> Option<char> {
    match c {
        'ï' => Some('ї'),
        _ => TWINS.iter().find(|(latin, _)| *latin == c).map(|(_, cyrillic)| *cyrillic),
    }
}

fn latin_twin(c: char) -> Option<char> {
    TWINS.iter().find(|(_, cyrillic)| *cyrillic == c).map(|(latin, _)| *latin)
}
