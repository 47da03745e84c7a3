//! The Ukrainian stemmer against the Hunspell dictionary of Debian's package `hunspell-uk`, which knows every form of every
//! word. It is read where it is installed, and is no part of what is built.
//!
//! There is no free list of the commonest words, so the forms are those of 10,000 lemmas that a hash draws from the whole
//! dictionary, and the false merges are counted over all of it, where related words stand close together.

use std::collections::{HashMap, HashSet};

use super::super::ukrainian;

const FOLDER: &str = "/usr/share/hunspell";
const SEED: u64 = 11;
const LEMMAS: usize = 10_000;

/// A rule of inflection: what goes, what comes, and what the word has to end like.
struct Rule {
    strip: String,
    add: String,
    condition: Vec<Part>,
}

/// A letter of a condition, from the last one.
enum Part {
    OneOf(String),
    NoneOf(String),
    Any,
    /// The word's beginning, or a letter before it that is none of these.
    BeginOrNoneOf(String),
    Begin,
}

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{FOLDER}/{name}")).unwrap_or_else(|error| {
        panic!("{FOLDER}/{name}: {error}. This test reads the dictionary of the Debian package hunspell-uk: apt-get install hunspell-uk")
    })
}

fn condition(text: &str) -> Vec<Part> {
    if let Some(whole) = text.strip_prefix("(^").and_then(|rest| rest.strip_suffix(')')) {
        let mut parts: Vec<Part> = whole.chars().rev().map(|c| Part::OneOf(c.into())).collect();
        parts.push(Part::Begin);
        return parts;
    }
    let (before, mut rest) = match text.strip_prefix("(^|[^").and_then(|rest| rest.split_once("])")) {
        Some((letters, rest)) => (Some(Part::BeginOrNoneOf(letters.to_owned())), rest),
        None => (None, text),
    };
    let mut parts: Vec<Part> = before.into_iter().collect();
    while let Some(c) = rest.chars().next() {
        let (part, after) = match rest.strip_prefix('[').and_then(|set| set.split_once(']')) {
            Some((set, after)) => match set.strip_prefix('^') {
                Some(set) => (Part::NoneOf(set.to_owned()), after),
                None => (Part::OneOf(set.to_owned()), after),
            },
            None if c == '.' => (Part::Any, &rest[1..]),
            None => (Part::OneOf(c.into()), &rest[c.len_utf8()..]),
        };
        parts.push(part);
        rest = after;
    }
    parts.reverse();
    parts
}

fn holds(condition: &[Part], word: &str) -> bool {
    let mut letters = word.chars().rev();
    condition.iter().all(|part| match (part, letters.next()) {
        (Part::OneOf(set), Some(c)) => set.contains(c),
        (Part::NoneOf(set) | Part::BeginOrNoneOf(set), Some(c)) => !set.contains(c),
        (Part::Any, Some(_)) | (Part::Begin | Part::BeginOrNoneOf(_), None) => true,
        (Part::Begin, Some(_)) | (_, None) => false,
    })
}

fn rules(affixes: &str) -> HashMap<char, Vec<Rule>> {
    let mut rules: HashMap<char, Vec<Rule>> = HashMap::new();
    for line in affixes.lines() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if let ["SFX", flag, strip, add, ends, ..] = fields.as_slice() {
            let text = |field: &str| if field == "0" { String::new() } else { field.to_owned() };
            let condition = if *ends == "." { Vec::new() } else { condition(ends) };
            rules.entry(flag.chars().next().unwrap()).or_default().push(Rule {
                strip: text(strip),
                add: text(add),
                condition,
            });
        }
    }
    rules
}

/// A word of the dictionary that is inflected.
struct Lemma<'a> {
    word: &'a str,
    flags: &'a str,
}

impl Lemma<'_> {
    fn forms(&self, rules: &HashMap<char, Vec<Rule>>) -> HashSet<String> {
        let inflected = self.flags.chars().filter_map(|flag| rules.get(&flag)).flatten().filter_map(|rule| {
            let rest = self.word.strip_suffix(rule.strip.as_str()).filter(|_| holds(&rule.condition, self.word))?;
            Some(format!("{rest}{}", rule.add))
        });
        inflected.chain([self.word.to_owned()]).collect()
    }
}

/// The stems as the analysis finds them: of the last part, when there are hyphens, because the others do not change.
fn stems(word: &str) -> Vec<String> {
    let plain = word.replace('\'', "").replace('ґ', "г");
    match plain.rsplit_once('-') {
        Some((before, last)) => ukrainian::stems(last).into_iter().map(|stem| format!("{before}-{stem}")).collect(),
        None => ukrainian::stems(&plain),
    }
}

fn share(one: &[String], other: &[String]) -> bool {
    one.iter().any(|stem| other.contains(stem))
}

fn hash(word: &str) -> u64 {
    word.bytes()
        .fold(SEED ^ 0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn forms_share_a_stem_with_their_lemma_and_other_words_do_not() {
    let (affixes, words) = (read("uk_UA.aff"), read("uk_UA.dic"));
    let rules = rules(&affixes);
    // Names are written like other words; words that do not change are their own lemma, and no other's.
    let mut lemmas: Vec<Lemma> = words
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once('/'))
        .map(|(word, flags)| Lemma { word, flags })
        .filter(|lemma| !lemma.word.chars().any(char::is_uppercase))
        .collect();
    lemmas.sort_by_key(|lemma| hash(lemma.word));
    assert!(lemmas.len() > 200_000, "this is not the dictionary: {} words", lemmas.len());

    let (mut forms, mut shared) = (0_u32, 0_u32);
    for lemma in lemmas.iter().take(LEMMAS) {
        let own = stems(lemma.word);
        for form in lemma.forms(&rules) {
            forms += 1;
            shared += u32::from(share(&own, &stems(&form)));
        }
    }

    // A false merge: a lemma that shares a stem with another one although they have no form in common. Where they have one
    // (`мати`: a mother, to have), nothing could tell them apart.
    let mut by_stem: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, lemma) in lemmas.iter().enumerate() {
        for stem in stems(lemma.word) {
            by_stem.entry(stem).or_default().push(at);
        }
    }
    let mut merged = HashSet::new();
    for group in by_stem.values().filter(|group| group.len() > 1) {
        let forms: Vec<HashSet<String>> = group.iter().map(|at| lemmas[*at].forms(&rules)).collect();
        for (at, own) in group.iter().zip(&forms) {
            if group
                .iter()
                .zip(&forms)
                .any(|(other, theirs)| lemmas[*other].word != lemmas[*at].word && own.is_disjoint(theirs))
            {
                merged.insert(*at);
            }
        }
    }
    let (share, merges) =
        (100.0 * f64::from(shared) / f64::from(forms), 100.0 * merged.len() as f64 / lemmas.len() as f64);
    println!(
        "{share:.2} % of {forms} forms share a stem with their lemma; {merges:.2} % of {} lemmas merge falsely",
        lemmas.len()
    );
    assert!(share >= 95.0, "{share:.2} % of the forms share a stem with their lemma");
    assert!(merges <= 2.0, "{merges:.2} % of the lemmas share a stem with another word");
}
