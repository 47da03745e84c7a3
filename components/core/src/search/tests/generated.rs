//! What comes from outside may be anything.

use proptest::prelude::*;

use super::*;

/// Words, signs and what is rare in texts, close together.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[а-яіїєґА-Я'’-]{1,9}",
        "[a-zA-Z0-9_.@#:/+*-]{1,9}",
        "\\PC{0,4}",
        any::<char>().prop_map(String::from),
        "(from|in|has|is|before|foo):[a-z0-9\"-]{0,6}",
        proptest::sample::select(
            &[" ", "\"", "'", "\\", "-", "*", "«", "»", "\u{301}", "\u{ad}", "https://", "\0", "🔥", "\u{fdfa}"][..]
        )
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec((piece, proptest::sample::select(&["", " "][..])), 0..20)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, gap)| piece + gap).collect())
}

/// Few words, so that they meet, with all that is written around words.
fn written() -> impl Strategy<Value = String> {
    let word =
        proptest::sample::select(&["dog", "dogs", "doggy", "книга", "книгами", "a.b", "a", "b", "@dog", "dog b"][..]);
    let parts = (proptest::sample::select(&["", "-"][..]), proptest::sample::select(&["W", "\"W\"", "W*"][..]), word);
    let term = parts.prop_map(|(sign, way, word)| format!("{sign}{}", way.replace('W', word)));
    proptest::collection::vec(term, 1..5).prop_map(|terms| terms.join(" "))
}

/// The lexemes of a literal, unquoted, and what is not quoted.
fn unquoted(literal: &str) -> (Vec<String>, String) {
    let (mut lexemes, mut rest, mut chars) = (Vec::new(), String::new(), literal.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '\'' {
            rest.push(c);
            continue;
        }
        let mut lexeme = String::new();
        loop {
            match chars.next() {
                Some('\\') => lexeme.extend(chars.next()),
                Some('\'') if chars.peek() == Some(&'\'') => lexeme.extend(chars.next()),
                Some('\'') => break,
                Some(other) => lexeme.push(other),
                None => panic!("no end: {literal}"),
            }
        }
        lexemes.push(lexeme);
    }
    (lexemes, rest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_vector_is_a_bounded_literal(text in text()) {
        let literal = analyse(&text).vector();
        let (lexemes, rest) = unquoted(&literal);
        prop_assert!(rest.chars().all(|c| c.is_ascii_digit() || " :,".contains(c)), "{}", rest);
        prop_assert!(!literal.contains('\0'));
        for lexeme in &lexemes {
            prop_assert!(!lexeme.is_empty() && lexeme.len() <= MAX_LEXEME);
        }
        let mut sorted = lexemes.clone();
        sorted.dedup();
        prop_assert_eq!(sorted.len(), lexemes.len());
    }

    #[test]
    fn a_query_is_a_bounded_literal(text in text()) {
        let query = parse(&text);
        prop_assert_eq!(query.tsquery().is_none(), query.terms.is_empty());
        prop_assert!(query.terms.len() <= MAX_QUERY_WORDS && query.filters.len() <= MAX_FILTERS);
        let literal = query.tsquery().unwrap_or_default();
        let (lexemes, rest) = unquoted(&literal);
        prop_assert!(rest.chars().all(|c| " &|!()<->:*".contains(c)), "{}", rest);
        prop_assert!(lexemes.len() <= MAX_QUERY_WORDS * 7);
        prop_assert!(lexemes.iter().all(|lexeme| !lexeme.is_empty() && lexeme.len() <= MAX_LEXEME));
    }

    #[test]
    fn places_and_excerpts_lie_in_the_text(text in text(), query in text(), max in 1_usize..80) {
        let length = text.chars().count();
        let places = highlights(&analyse(&text), &parse(&query));
        let mut end = 0;
        for place in &places {
            prop_assert!(place.start >= end && place.start < place.end && place.end <= length);
            end = place.end;
        }
        let cut = excerpt(&text, &places, max);
        let size = cut.text.chars().count();
        prop_assert!(size <= max && text.chars().skip(cut.start).collect::<String>().starts_with(&cut.text));
        prop_assert!(cut.highlights.iter().all(|place| place.start < place.end && place.end <= size));
        prop_assert!(places.is_empty() || !cut.highlights.is_empty());
    }

    #[test]
    fn a_word_of_a_text_finds_it(text in text()) {
        let words: Vec<&str> = text.split_whitespace().collect();
        for word in words {
            let query = parse(word);
            // An operator is none of the text, and a negation asks for what is without it.
            if query.filters.is_empty() && query.terms.iter().all(|term| !term.is_negated) && !word.contains(['"', '“', '„', '«', '‟', '»', '”']) {
                prop_assert!(query.matches(&analyse(&text)), "{:?} in {:?}: {:?}", word, text, query.tsquery());
            }
        }
    }

    #[test]
    fn what_contradicts_itself_finds_no_text(said in written(), asked in written()) {
        let query = parse(&asked);
        if query.filters.iter().any(|filter| filter.kind == FilterKind::Nothing) {
            for text in [&said, &asked, &asked.replace(['-', '"', '*'], " ")] {
                prop_assert!(!query.matches(&analyse(text)), "{:?} in {:?}", asked, text);
            }
        }
    }

    #[test]
    fn a_word_has_stems(english in "[a-zʼ]{1,64}", ukrainian in "[а-щьюяєії]{1,6}", other in "[ь-яьіїєос]{1,64}") {
        prop_assert!(!english::stem(&english).is_empty());
        for word in [ukrainian, other] {
            let stems = ukrainian::stems(&word);
            prop_assert!((1..=ukrainian::MAX_STEMS).contains(&stems.len()) && stems.iter().all(|stem| !stem.is_empty()));
        }
    }
}
