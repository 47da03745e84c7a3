//! Verbs: the infinitives that a form may come from.

use super::{VERB, is_hushing, is_vowel};

/// What follows the stem of the infinitive: future, infinitive, past, participles.
const OF_INFINITIVE: [&str; 12] =
    ["тимемо", "тимете", "тимуть", "тимеш", "тимем", "тиму", "тиме", "ти", "вши", "ла", "ло", "ли"];
/// Present and imperative after a vowel: `чита-ю`.
const AFTER_VOWEL: [&str; 11] = ["ючи", "ємо", "єте", "ють", "ймо", "йте", "єш", "єм", "ю", "є", "й"];
/// Present of the first conjugation after a consonant: `нес-у`.
const FIRST: [&str; 8] = ["емо", "ете", "уть", "учи", "еш", "ем", "у", "е"];
/// Present of the second: `роб-иш`.
const SECOND: [&str; 9] = ["имо", "ите", "ячи", "ачи", "ить", "иш", "им", "ять", "ать"];
/// The same after a vowel: `сто-їш`.
const SECOND_AFTER_VOWEL: [&str; 5] = ["їмо", "їте", "їть", "їш", "їм"];
/// Imperative after a consonant.
const IMPERATIVE: [&str; 7] = ["іть", "імо", "ім", "ьте", "ьмо", "мо", "те"];
/// Presents whose stem is another than the infinitive's: ends of both.
const OTHER_STEM: [(&str, &str); 22] = [
    ("йд", "й"),
    ("йш", "й"),
    ("під", "пі"),
    ("піш", "пі"),
    ("буд", "бу"),
    ("їд", "їха"),
    ("жив", "жи"),
    ("бер", "бра"),
    ("пер", "пра"),
    ("йм", "йня"),
    ("нім", "ня"),
    ("візьм", "взя"),
    ("чн", "ча"),
    ("стан", "ста"),
    ("хоч", "хоті"),
    ("мож", "мог"),
    ("біж", "біг"),
    ("зов", "зва"),
    ("зв", "зва"),
    ("рв", "рва"),
    ("дад", "да"),
    ("шл", "сла"),
];

/// The past without an ending, where its vowel is another.
const PAST: [(&str, &str); 6] =
    [("вів", "ве"), ("віз", "вез"), ("ніс", "нес"), ("ріс", "рос"), ("міг", "мог"), ("тік", "тек")];

/// The verbal stems of a word; none when it does not end like a verb.
pub fn stems(word: &str) -> Vec<String> {
    let active = active(word);
    let mut found = Vec::new();
    infinitives(active.as_deref().unwrap_or(word), &mut found);
    for stem in &mut found {
        if active.is_some() {
            stem.push_str("ся");
        }
        stem.push(VERB);
    }
    found
}

/// The form without `ся`, if it is a verb's.
fn active(word: &str) -> Option<String> {
    let form = word.strip_suffix("ся").or_else(|| word.strip_suffix("сь"))?;
    if let Some(present) = form.strip_suffix("ть")
        && present.ends_with(['е', 'є'])
    {
        return Some(present.to_owned());
    }
    let verb =
        ["ти", "ть", "ла", "ло", "ли", "мо", "те", "чи", "ши", "в", "ю", "у", "ш", "й", "и", "ім", "єм", "ем", "им"]
            .iter()
            .any(|ending| form.ends_with(ending));
    verb.then(|| form.to_owned())
}

fn last(stem: &str) -> char {
    stem.chars().next_back().unwrap_or(' ')
}

/// The form without the first of these endings that it has, if two letters stay.
fn strip<'a>(form: &'a str, endings: &[&str]) -> Option<&'a str> {
    endings.iter().find_map(|ending| form.strip_suffix(ending)).filter(|stem| stem.chars().nth(1).is_some())
}

fn infinitives(form: &str, found: &mut Vec<String>) {
    if !of_infinitive(form, found) {
        present(form, found);
    }
}

/// Forms that keep the stem of the infinitive, and those of `дати` and `йти`, whose forms look like others'.
fn of_infinitive(form: &str, found: &mut Vec<String>) -> bool {
    let mut add = |stem: &str, end: &str| found.push(format!("{stem}{end}"));
    let past = || PAST.iter().find_map(|(past, infinitive)| Some((form.strip_suffix(past)?, infinitive)));
    let give = ["даси", "дасть", "дамо", "дасте", "дам"].iter().find_map(|ending| form.strip_suffix(ending));
    if let Some(stem) = give {
        add(stem, "да");
    } else if let Some(stem) =
        strip(form, &["шов", "шла", "шло", "шли", "шовши"]).filter(|stem| stem.ends_with(['і', 'й']))
    {
        add(stem, "");
    } else if let Some(stem) = strip(form, &OF_INFINITIVE) {
        match stem.strip_suffix('с').filter(|rest| form.ends_with("ти") && rest.ends_with(is_vowel)) {
            // `нести`, `нес`; `вести`, `веду`, `вела`.
            Some(rest) => ["с", "д", ""].iter().for_each(|end| add(rest, end)),
            None => add(stem, ""),
        }
    } else if let Some((stem, infinitive)) = past() {
        add(stem, infinitive);
    } else if let Some(stem) = form.strip_suffix('в').filter(|stem| stem.ends_with(is_vowel)) {
        add(stem, "");
    } else if let Some(stem) = strip(form, &["овано"]) {
        let soft = stem.trim_end_matches(['ь', 'й']);
        add(soft, if soft.len() < stem.len() { "юва" } else { "ува" });
    } else if let Some(stem) = strip(form, &["ано"]) {
        add(stem, "а");
    } else if let Some(stem) = strip(form, &["яно"]) {
        add(stem, "я");
    } else if let Some(stem) = strip(form, &["ено"]) {
        if let Some(stem) = stem.strip_suffix('н') {
            add(stem, "ну");
        }
        softened(stem, "и", found);
    } else {
        return false;
    }
    true
}

/// Forms of the present and the imperative.
fn present(form: &str, found: &mut Vec<String>) {
    let consonant = |stem: &&str| !is_vowel(last(stem));
    let mut add = |stem: &str, end: &str| found.push(format!("{stem}{end}"));
    if let Some(stem) = strip(form, &SECOND_AFTER_VOWEL).filter(|stem| stem.ends_with(is_vowel)) {
        add(stem, "ї");
        add(stem, "я");
        return;
    }
    if let Some(stem) = strip(form, &AFTER_VOWEL) {
        match last(stem) {
            // `малю-ю`: `малю-ва-ти`; `чу-ю`: `чу-ти`.
            'у' | 'ю' => {
                add(stem, if stem.chars().filter(|c| is_vowel(*c)).count() > 1 { "ва" } else { "" });
            }
            // `стою`, `клею`.
            'о' | 'е' if !form.ends_with('є') => {
                add(stem, "ї");
                add(stem, "я");
            }
            'б' | 'п' | 'в' if !form.ends_with('й') => add(stem, "и"),
            'и' if form.ends_with('й') => {}
            vowel if is_vowel(vowel) => {
                add(stem, "");
                if ["да", "зна", "ста"].iter().any(|end| stem.ends_with(end)) {
                    add(stem, "ва");
                }
            }
            // `роблю`, `говорю`.
            _ if form.ends_with('ю') => match other_stem(stem) {
                Some(other) => found.push(other),
                None => softened(stem, "и", found),
            },
            _ => {}
        }
        return;
    }
    if let Some(stem) = strip(form, &SECOND).filter(consonant) {
        if form.ends_with("лять") {
            softened(stem, "и", found);
        } else {
            add(stem, "и");
            add(stem, if is_hushing(last(stem)) { "а" } else { "і" });
            // `зазначи!`
            if form.ends_with("чи") {
                add(form, "");
            }
        }
        return;
    }
    if let Some(stem) = strip(form, &IMPERATIVE).or_else(|| imperative(form)).filter(consonant) {
        add(stem, "и");
        match stem.strip_suffix('н') {
            Some(stem) => add(stem, "ну"),
            None => first(stem, false, found),
        }
        return;
    }
    if let Some(stem) = strip(form, &FIRST).filter(consonant) {
        first(stem, form.ends_with('у'), found);
    }
}

/// The stem of an imperative that ends in `и`, if it is no `-ами` or `-ими`, or in nothing: `роби`, `кинь`, `виходь`.
fn imperative(form: &str) -> Option<&str> {
    let plural = ["ами", "ями", "ими", "іми"].iter().any(|ending| form.ends_with(ending));
    form.strip_suffix('и')
        .filter(|_| !plural)
        .or_else(|| form.strip_suffix('ь').filter(|stem| stem.ends_with(['д', 'з', 'н', 'с'])))
}

/// The stem of an infinitive that has another.
fn other_stem(stem: &str) -> Option<String> {
    OTHER_STEM.iter().find_map(|(end, other)| Some(format!("{}{other}", stem.strip_suffix(end)?)))
}

/// The first conjugation: `кин-у`, `пиш-у`, `нес-у`.
fn first(stem: &str, first_person: bool, found: &mut Vec<String>) {
    if let Some(other) = other_stem(stem) {
        found.push(other);
        return;
    }
    match stem.strip_suffix('н') {
        Some(stem) => found.push(format!("{stem}ну")),
        None if is_hushing(last(stem)) => {
            if first_person {
                softened(stem, "и", found);
            }
            softened(stem, "а", found);
        }
        None => found.push(stem.to_owned()),
    }
}

/// What a softened stem was before: `ходж` `ход`, `пиш` `пис`, `робл` `роб`.
fn softened(stem: &str, theme: &str, found: &mut Vec<String>) {
    let hard: &[(&str, &str)] =
        &[("дж", "д"), ("ж", "з"), ("ч", if theme == "и" { "т" } else { "к" }), ("ш", "с"), ("щ", "ст")];
    let labial = stem.strip_suffix('л').filter(|stem| stem.ends_with(['б', 'п', 'в', 'м', 'ф']));
    if let Some(stem) = labial {
        found.push(format!("{stem}{theme}"));
        return;
    }
    if let Some((rest, hard)) = hard.iter().find_map(|(soft, hard)| Some((stem.strip_suffix(soft)?, hard))) {
        found.push(format!("{rest}{hard}{theme}"));
        if stem.ends_with("дж") {
            return;
        }
    }
    found.push(format!("{stem}{theme}"));
}
