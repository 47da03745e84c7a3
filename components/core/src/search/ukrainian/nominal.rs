//! Nouns, adjectives, numerals, pronouns, adverbs: the word without its ending, and one spelling for what changes inside.

use super::is_vowel;

/// Endings of nouns and adjectives, longer ones first.
const ENDINGS: [&str; 49] = [
    "ього", "ьому", "ьою", "ьої", "ами", "ями", "ими", "іми", "їми", "ого", "ому", "ові", "еві", "єві", "ою", "ею",
    "єю", "ої", "ом", "ем", "єм", "ам", "ям", "ах", "ях", "ів", "їв", "ей", "ий", "ій", "їй", "их", "іх", "їх", "им",
    "ім", "їм", "а", "о", "у", "и", "е", "я", "ю", "і", "ї", "є", "ь", "й",
];
/// Stems without a vowel: of `день`, `сон`, `пес`, `рот`, `лоб`, `лев`, `льон`, `весь`, `два`, `три`, `зло`, `скло`, `тло`.
const WITHOUT_VOWEL: [&str; 13] = ["дн", "сн", "пс", "рт", "лб", "льв", "льн", "вс", "дв", "тр", "зл", "скл", "тл"];
/// A rest of at most so many letters may be the beginning of a word that has no ending: `режим`, `слів`.
const SHORT: usize = 4;

/// The nominal stems of a word, likeliest first.
pub fn stems(word: &str) -> Vec<String> {
    let (rest, ending) = split(word);
    let mut stems = Vec::new();
    inner_vowels(&normal(rest), is_closed(rest, ending), &mut stems);
    match ending {
        // `батькові`, but `військові` and `голові`.
        "ові" | "еві" => stems.push(normal(word.strip_suffix('і').unwrap_or(word))),
        // `новій`, but `організацій`.
        "ій" => stems.push(format!("{rest}і")),
        // `вулиці`, `вазі`, `красі`, but `політиці`, `книзі`, `мусі`.
        "і" => {
            let hard = [('з', 'г'), ('с', 'х'), ('ц', 'к')]
                .iter()
                .find_map(|(soft, hard)| Some(format!("{}{hard}", rest.strip_suffix(*soft)?)));
            stems.extend(hard.map(|rest| normal(&rest)));
        }
        // `знань` of `знання`, `століть` of `століття`, `зусиль` of `зусилля`.
        "ь" if rest.chars().nth(SHORT - 1).is_some() => {
            let doubled = ["ан", "ян", "ен", "єн", "іт", "іл", "ил"].iter().any(|end| rest.ends_with(end));
            let last = rest.chars().next_back().filter(|_| doubled || rest.ends_with("ін") && rest.chars().count() > 6);
            stems.extend(last.map(|last| normal(&format!("{rest}{last}"))));
        }
        // `ніччю` of `ніч`, but `знанню` of `знання`.
        "ю" => {
            let letters: Vec<char> = rest.chars().rev().take(2).collect();
            if let [last, before] = letters.as_slice()
                && last == before
            {
                inner_vowels(&normal(rest.strip_suffix(*last).unwrap_or(rest)), true, &mut stems);
            }
        }
        _ if is_ending_of_stem(rest, ending) => inner_vowels(&normal(word), true, &mut stems),
        _ => {}
    }
    stems
}

/// Whether what looks like an ending may belong to the word: `режим`, `слів`, `проблем`.
fn is_ending_of_stem(rest: &str, ending: &str) -> bool {
    let letters: Vec<char> = rest.chars().collect();
    let cluster = matches!(letters.as_slice(), [.., before, last] if !is_vowel(*before) && !is_vowel(*last));
    ending.chars().nth(1).is_some()
        && !ending.ends_with(is_vowel)
        && (letters.len() <= SHORT || cluster && matches!(ending, "ам" | "ем" | "ом"))
}

/// The word without its ending, and the ending. What stays has two letters at least, and a vowel.
fn split(word: &str) -> (&str, &str) {
    let possible =
        |rest: &str| rest.chars().nth(1).is_some() && (rest.contains(is_vowel) || WITHOUT_VOWEL.contains(&rest));
    ENDINGS
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|rest| possible(rest)).map(|rest| (rest, *ending)))
        .unwrap_or((word, ""))
}

/// The rest with one spelling for what changes inside.
fn normal(rest: &str) -> String {
    let mut letters: Vec<char> = rest.chars().filter(|c| *c != 'ь').collect();
    match letters.as_slice() {
        // `музею`, `героя`: a vowel before `й` belongs to some endings and not to others.
        [_, _, .., 'е' | 'о'] => letters.truncate(letters.len() - 1),
        // `громадянин`, `громадяни`.
        [_, _, _, .., 'а' | 'я', 'н', 'и', 'н'] => letters.truncate(letters.len() - 2),
        _ => {}
    }
    letters.into_iter().collect()
}

/// Whether the last syllable of the rest is one that its consonant closes, where vowels change: `вікон`, `якість`, `якістю`.
fn is_closed(rest: &str, ending: &str) -> bool {
    ending.is_empty() || ending == "ь" || ending == "ю" && rest.ends_with("іст")
}

/// `о`, `е` and `і` come, go and change into each other in a closed last syllable: `вікно`, `вікон`; `стіл`, `столу`; `піч`,
/// `печі`; `якість`, `якості`. So a closed one is read in each way.
fn inner_vowels(stem: &str, closed: bool, stems: &mut Vec<String>) {
    let Some((at, vowel)) = stem.char_indices().rev().find(|(_, c)| is_vowel(*c)).filter(|_| closed) else {
        stems.push(stem.to_owned());
        return;
    };
    let (before, after) = (stem.get(..at).unwrap_or_default(), stem.get(at + vowel.len_utf8()..).unwrap_or_default());
    let with = |vowel: &str| format!("{before}{vowel}{after}");
    let single = after.chars().count() == 1;
    match vowel {
        'і' if after == "ст" => stems.extend([with("о"), with("і")]),
        'і' => stems.extend([with("і"), with("о"), with("е")]),
        'ї' => stems.extend([with("ї"), with("є")]),
        'о' | 'е' | 'є' if single && (before.contains(is_vowel) || WITHOUT_VOWEL.contains(&with("").as_str())) => {
            let without = match vowel {
                'є' => with("й"),
                _ => with(""),
            };
            stems.extend([stem.to_owned(), without]);
        }
        _ => stems.push(stem.to_owned()),
    }
}
