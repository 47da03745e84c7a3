//! Words of a folded text by Unicode Standard Annex #29, and what is written in one piece.

use unicode_segmentation::UnicodeSegmentation;

use super::fold::{form, is_cyrillic, is_latin};

/// Bytes of the folded text.
pub(super) type Range = std::ops::Range<usize>;

/// What joins words to one piece when nothing else stands between them.
const CONNECTORS: &str = ".-_@:/\\+#%&=?~$";
/// What UAX #29 has inside of words and we do not.
const INNER: [char; 10] = ['.', ',', ':', ';', '_', '·', '‧', '‿', '⁀', '⁔'];
/// How many connectors may follow each other.
const MAX_GAP: usize = 3;
/// Schemes of addresses, which end where a space does.
const SCHEMES: [&str; 6] = ["http", "https", "ftp", "mxc", "matrix", "ws"];
/// A word with more parts than that is no identifier.
const MAX_PARTS: usize = 8;

/// Words written in one piece: `user@example.com`. Most have one word.
pub(super) struct Run {
    pub range: Range,
    pub words: Vec<Range>,
    /// Is an address with a scheme.
    pub is_link: bool,
    /// Is known by more than its words: `@name`, `#tag`, `C++`.
    pub is_marked: bool,
    /// Stands directly behind the run before, as words of a language without spaces do.
    pub is_glued: bool,
    /// A symbol that people see and no word.
    pub is_emoji: bool,
}

impl Run {
    fn new(range: Range) -> Self {
        let words = vec![range.clone()];
        Self { range, words, is_link: false, is_marked: false, is_glued: false, is_emoji: false }
    }

    /// What the whole is known by; `None` when it is one word.
    pub fn whole(&self, text: &str) -> Option<String> {
        if self.words.len() < 2 && !self.is_marked {
            return None;
        }
        let (mut whole, mut at) = (String::new(), self.range.start);
        for word in &self.words {
            whole.extend(text.get(at..word.start).unwrap_or_default().chars().flat_map(char::to_lowercase));
            whole.push_str(&form(text.get(word.clone()).unwrap_or_default()));
            at = word.end;
        }
        whole.extend(text.get(at..self.range.end).unwrap_or_default().chars().flat_map(char::to_lowercase));
        Some(whole)
    }
}

/// The runs of a folded text, in their order.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (at, segment) in text.split_word_bound_indices() {
        if segment.chars().any(char::is_alphanumeric) {
            for word in inner_words(at, segment) {
                add(text, word, &mut runs);
            }
        } else if segment.chars().next().is_some_and(is_emoji) {
            runs.push(Run { is_emoji: true, ..Run::new(at..at + segment.len()) });
        }
    }
    runs
}

fn add(text: &str, word: Range, runs: &mut Vec<Run>) {
    let before = text.get(..word.start).unwrap_or_default();
    let mut is_glued = false;
    if let Some(run) = runs.last_mut().filter(|run| !run.is_emoji) {
        let gap = before.get(run.words.last().map_or(run.range.end, |last| last.end)..).unwrap_or_default();
        is_glued = gap.is_empty();
        let joined = !gap.is_empty() && gap.chars().count() <= MAX_GAP && gap.chars().all(|c| CONNECTORS.contains(c));
        if joined || word.start < run.range.end {
            run.range.end = run.range.end.max(word.end);
            run.words.push(word);
            return;
        }
    }
    let after = text.get(word.end..).unwrap_or_default();
    let name = text.get(word.clone()).unwrap_or_default();
    let mut run = Run { is_glued, ..Run::new(word) };
    if before.ends_with(['@', '#']) {
        run.range.start -= 1;
        run.is_marked = true;
    }
    if after.starts_with("://") && SCHEMES.iter().any(|scheme| scheme.eq_ignore_ascii_case(name)) {
        run.range.end += address_length(after);
        run.is_link = true;
    } else if name.len() <= 2 && name.chars().all(|c| c.is_ascii_alphabetic()) {
        // `C++`, `C#`.
        let marks = ["++", "#"]
            .iter()
            .find(|marks| after.strip_prefix(**marks).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric)));
        if let Some(marks) = marks {
            run.range.end += marks.len();
            run.is_marked = true;
        }
    }
    runs.push(run);
}

/// How many bytes an address goes on for; punctuation at its end is the sentence's.
fn address_length(after: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || c.is_control() || "<>\"«»“”„".contains(c);
    let address = after.split(ends).next().unwrap_or_default();
    // A bracket that the address opens is its own.
    let closing: String = [('(', ')'), ('[', ']'), ('{', '}')]
        .iter()
        .filter(|(open, _)| !address.contains(*open))
        .map(|(_, close)| close)
        .collect();
    address.trim_end_matches(|c| ".,;:!?'*|~".contains(c) || closing.contains(c)).len()
}

/// The words of a segment: `example.com` and `snake_case` are one for UAX #29.
fn inner_words(at: usize, segment: &str) -> impl Iterator<Item = Range> {
    // A mark may stand on what is no letter: ` \u{aaeb}`.
    let words = segment.split(INNER).map(|word| word.trim_start_matches(|c: char| !c.is_alphanumeric()));
    words.filter(|word| !word.is_empty()).map(move |word| {
        let from = at + (word.as_ptr() as usize).saturating_sub(segment.as_ptr() as usize);
        from..from + word.len()
    })
}

/// The parts of a word that only its letters tell: `getUserName`, `HTTPServer`, `covid19`, `PDFки`. None for most words.
pub(super) fn parts(text: &str, word: &Range) -> Vec<Range> {
    let name = text.get(word.clone()).unwrap_or_default();
    let letters: Vec<(usize, char)> = name.char_indices().collect();
    let form = form(name);
    let mixed = form.chars().any(is_cyrillic) && form.chars().any(is_latin);
    let mut starts = vec![0];
    for window in letters.windows(letters.len().clamp(1, 3)) {
        let (Some((_, first)), Some((at, second))) = (window.first().copied(), window.get(1).copied()) else {
            continue;
        };
        let third = window.get(2).map_or(' ', |(_, c)| *c);
        let ends_capitals =
            !is_boundary(second, third, mixed) && first.is_uppercase() && second.is_uppercase() && third.is_lowercase();
        if is_boundary(first, second, mixed) || ends_capitals {
            starts.push(at);
        }
    }
    // The windows of three do not see the last two as a pair.
    if let [.., (_, first), (at, second)] = letters.as_slice()
        && letters.len() > 2
        && is_boundary(*first, *second, mixed)
    {
        starts.push(*at);
    }
    if !(2..=MAX_PARTS).contains(&starts.len()) {
        return Vec::new();
    }
    let ends = starts.iter().skip(1).copied().chain([name.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .filter(|(from, to)| {
            let part = name.get(*from..*to).unwrap_or_default();
            part.chars().nth(1).is_some() || part.chars().all(char::is_numeric)
        })
        .map(|(from, to)| word.start + from..word.start + to)
        .collect()
}

fn is_boundary(first: char, second: char, mixed: bool) -> bool {
    first.is_lowercase() && second.is_uppercase()
        || first.is_numeric() && second.is_alphabetic()
        || first.is_alphabetic() && second.is_numeric()
        || mixed && (is_latin(first) && is_cyrillic(second) || is_cyrillic(first) && is_latin(second))
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}
