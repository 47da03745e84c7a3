//! Where a query hits.

use super::*;

fn marked(query: &str, text: &str) -> Vec<String> {
    let places = highlights(&analyse(text), &parse(query));
    places.iter().map(|place| text.chars().skip(place.start).take(place.end - place.start).collect()).collect()
}

#[test]
fn places_are_those_of_the_text_as_written() {
    for (query, text, expected) in [
        ("книга", "Дві кни\u{301}ги й кни\u{ad}жка", &["кни\u{301}ги"][..]),
        ("слово", "👩‍👩‍👧 сло\u{ad}во́!", &["сло\u{ad}во́"]),
        ("full", "｟ｆｕｌｌ｠", &["ｆｕｌｌ"]),
        ("\"one two\"", "two one two, one, two", &["one two", "one, two"]),
        ("one two", "one two", &["one", "two"]),
        ("run*", "Running rune ru", &["Running", "rune"]),
        ("example.com", "user@example.com", &["example.com"]),
        ("user@example.com", "to user@example.com now", &["user@example.com"]),
        ("name", "getUserName", &["Name"]),
        ("getUserName name", "getUserName", &["getUserName"]),
        ("-cat dog", "cat dog", &["dog"]),
        ("комп'ютер", "Комп’ютери", &["Комп’ютери"]),
        ("fi", "ﬁ", &["ﬁ"]),
        ("from:me", "from me", &[]),
    ] {
        assert_eq!(marked(query, text), expected, "{query} in {text}");
    }
    assert_eq!(marked("a", &"a ".repeat(1_000)).len(), 100);
}

#[test]
fn an_excerpt_is_a_window_around_the_first_place() {
    let text = format!("{} слово {}", "перед ".repeat(100), "потім ".repeat(100));
    let places = highlights(&analyse(&text), &parse("слово"));
    let cut = excerpt(&text, &places, 100);
    assert_eq!(cut.text.chars().count(), 100);
    assert!(cut.has_more && cut.start > 0 && cut.text.starts_with("перед "));
    let [place] = cut.highlights.as_slice() else { panic!("{cut:?}") };
    assert_eq!(cut.text.chars().skip(place.start).take(place.end - place.start).collect::<String>(), "слово");

    let short = excerpt("слово", &[Span { start: 0, end: 5 }], 100);
    assert_eq!((short.text.as_str(), short.start, short.has_more), ("слово", 0, false));
    let none = excerpt(&text, &[], 50);
    assert_eq!((none.start, none.text.chars().count(), none.highlights.len()), (0, 50, 0));
    let end = format!("{} слово", "перед ".repeat(100));
    let places = highlights(&analyse(&end), &parse("слово"));
    let cut = excerpt(&end, &places, 100);
    assert!(cut.text.ends_with("слово") && !cut.has_more);
    // A place that is longer than the window is cut.
    let long = "я".repeat(300);
    let cut = excerpt(&long, &[Span { start: 0, end: 300 }], 100);
    assert_eq!(cut.highlights, [Span { start: 0, end: 100 }]);
}

#[test]
fn an_excerpt_does_not_cut_what_people_see_as_one_character() {
    let family = "👩‍👩‍👧‍👦";
    let text = format!("{} word {}", family.repeat(40), family.repeat(40));
    let places = highlights(&analyse(&text), &parse("word"));
    let cut = excerpt(&text, &places, 60);
    assert_eq!(cut.text.replace(family, "").trim(), "word");
    // Nobody sees a thousand marks on one letter.
    let marks = format!("a{}", "\u{301}".repeat(1_000));
    assert_eq!(excerpt(&marks, &[Span { start: 0, end: 1_001 }], 50).text.chars().count(), 50);
}
