//! What a query asks for.

use super::*;
use crate::time::Timestamp;

fn tsquery(query: &str) -> String {
    parse(query).tsquery().unwrap_or_default()
}

#[test]
fn words_phrases_prefixes_and_negations() {
    for (query, expected) in [
        ("dogs", "'dog'"),
        ("dogs running", "'dog' & 'run'"),
        ("книги", "('книг' | 'книги+' | 'книг+')"),
        ("\"the dogs\"", "('=the' <-> '=dogs')"),
        ("«dogs»", "'=dogs'"),
        ("“dogs ran”", "('=dogs' <-> '=ran')"),
        ("dog*", "'=dog':*"),
        ("\"the dog*\"", "('=the' <-> '=dog':*)"),
        ("-dogs", "!'dog'"),
        ("cats -\"the dogs\" -rab*", "'cat' & !('=the' <-> '=dogs') & !'=rab':*"),
        ("a@b.com", "('=a@b.com' | ('a' <-> 'b' <-> 'com'))"),
        ("a@b.com*", "('=a@b.com':* | ('a' <-> 'b' <-> '=com':*))"),
        ("v1.2*", "'=v1.2':*"),
        ("@bob", "'=@bob'"),
        ("C++", "'=c++'"),
        ("cat,dog", "'cat' & 'dog'"),
        ("cat cat CATS", "'cat'"),
        ("--verbose", "'verbos'"),
        ("cat - dog", "'cat' & 'dog'"),
        ("cat OR dog", "'cat' & 'or' & 'dog'"),
        ("it's", "'it'"),
    ] {
        let parsed = parse(query);
        assert_eq!(parsed.tsquery().unwrap_or_default(), expected, "{query}");
        assert_eq!(parsed.hints, [], "{query}");
    }
}

#[test]
fn a_query_without_words_to_find_says_so() {
    let negated = parse("-spam");
    assert!(!negated.is_selective() && negated.tsquery().is_some() && !negated.is_empty());
    let filters = parse("from:me has:file");
    assert!(!filters.is_selective() && filters.tsquery().is_none() && !filters.is_empty() && filters.hints.is_empty());
    assert!(parse("cat -spam").is_selective());
    for nothing in ["", "  ", "!?", "\"\"", "\"!\"", "-", "*", "- -", "\u{301}"] {
        let query = parse(nothing);
        assert!(query.is_empty() && query.tsquery().is_none(), "{nothing}");
        assert_eq!(codes(&query), [HintCode::NothingToFind], "{nothing}");
    }
}

#[test]
fn what_is_looked_up_is_what_every_text_has_that_is_found() {
    for (query, expected) in [
        ("dogs running", Some("('dog') & ('run')")),
        ("dogs -running", Some("('dog')")),
        ("\"the dogs\"", Some("('=the' & '=dogs')")),
        ("\"the dog*\"", Some("('=the')")),
        ("cat dog*", Some("('cat')")),
        ("dog* rabb*", Some("'=rabb':*")),
        ("dog* -cat", Some("'=dog':*")),
        ("a@b.com", Some("('=a@b.com' | ('a' & 'b' & 'com'))")),
        ("a@b.com*", Some("('=a@b.com':* | ('a' <-> 'b' <-> '=com':*))")),
        ("@bob", Some("'=@bob'")),
        ("-dogs", None),
        ("-dog*", None),
        ("from:me", None),
        ("", None),
    ] {
        let parsed = parse(query);
        assert_eq!(parsed.index_tsquery().as_deref(), expected, "{query}");
        assert_eq!(parsed.is_selective(), expected.is_some(), "{query}");
    }
}

#[test]
fn filters_are_json_for_the_index() {
    let filters = |query| serde_json::to_value(parse(query).filters).unwrap();
    assert_eq!(
        filters("from:me -from:@bob in:#general has:file -is:agent mentions:a:b before:2026-11-26"),
        serde_json::json!([
            {"is_negated": false, "operator": "from", "value": "me"},
            {"is_negated": true, "operator": "from", "value": {"named": "bob"}},
            {"is_negated": false, "operator": "in", "value": "general"},
            {"is_negated": false, "operator": "has", "value": "file"},
            {"is_negated": true, "operator": "is", "value": "agent"},
            {"is_negated": false, "operator": "mentions", "value": {"named": "a:b"}},
            {"is_negated": false, "operator": "within", "value": {"from": null, "until": "2026-11-26T00:00:00.000000Z"}},
        ])
    );
}

#[test]
fn what_contradicts_itself_finds_nothing() {
    let nothing = vec![Filter { is_negated: false, kind: FilterKind::Nothing }];
    assert_eq!(
        serde_json::to_value(&nothing).unwrap(),
        serde_json::json!([{"is_negated": false, "operator": "nothing"}])
    );
    for query in [
        "dogs -dog",
        "cat dogs has:file -dog",
        "книгами -книга",
        "\"many dogs here\" -dog",
        "\"many dogs here\" -\"dogs here\"",
        "\"dogs\" -\"dogs\"",
        "\"dogs\" -dog*",
        "rabbit* -rab*",
        "a@b.com -a@b.com",
        "@bob -@bob",
        "has:file -has:file",
        "from:me cat -from:me",
        "is:reply -is:reply",
        "on:2026-11-26 -on:2026-11-26",
        "before:2026-11-26 after:2026-11-26",
        "on:2026-11-26 on:2026-11-27",
    ] {
        assert_eq!(parse(query).filters, nothing, "{query}");
    }
    for query in [
        "dog -cat",
        "-dog -dogs",
        "dog -\"dogs\"",
        "dog -\"dog\"",
        "dog -dogs*",
        "rab* -rabbit*",
        "rabbit* -rabbit",
        "\"dogs here\" -\"many dogs here\"",
        "\"many dogs\" -\"many cats\"",
        "книги -книгу",
        "bob -@bob",
        "a@b.com -b",
        "has:file -has:image",
        "from:me -from:bob",
        "-from:me -from:bob",
        "after:2026-11-25 before:2026-11-27",
        "before:2026-11-26 -after:2026-11-27",
    ] {
        assert!(!parse(query).filters.iter().any(|filter| filter.kind == FilterKind::Nothing), "{query}");
    }
}

#[test]
fn operators_are_filters() {
    let filter = |kind| Filter { is_negated: false, kind };
    for (query, expected) in [
        ("from:me", FilterKind::From(Who::Me)),
        ("FROM:@alice", FilterKind::From(Who::Named("alice".into()))),
        ("from:@alice:example.com", FilterKind::From(Who::Named("@alice:example.com".into()))),
        ("from:\"Іван Петренко\"", FilterKind::From(Who::Named("Іван Петренко".into()))),
        ("in:#загальний", FilterKind::In("загальний".into())),
        ("mentions:me", FilterKind::Mentions(Who::Me)),
        ("has:file", FilterKind::Has(Has::File)),
        ("has:PIN", FilterKind::Has(Has::Pin)),
        ("is:unread", FilterKind::Is(Is::Unread)),
    ] {
        let parsed = parse(query);
        assert_eq!((parsed.filters, parsed.terms, parsed.hints), (vec![filter(expected)], vec![], vec![]), "{query}");
    }
    let parsed = parse("cat -from:me -has:link from:bob from:bob");
    assert_eq!(parsed.filters.len(), 3);
    assert!(parsed.filters.first().is_some_and(|filter| filter.is_negated));
    assert_eq!(parsed.tsquery().as_deref(), Some("'cat'"));
    for (names, has) in
        [("file image audio video link reaction thread pin", true), ("reply edited agent mention unread", false)]
    {
        for name in names.split(' ') {
            let parsed = parse(&format!("{}:{name}", if has { "has" } else { "is" }));
            assert_eq!((parsed.filters.len(), parsed.hints.len()), (1, 0), "{name}");
        }
    }
    assert_eq!(tsquery("\"from:me\""), "('=from' <-> '=me')");
}

#[test]
fn what_is_no_operator_is_a_word_with_a_hint() {
    for (query, code, words) in [
        ("foo:bar", HintCode::UnknownOperator, "('=foo:bar' | ('foo' <-> 'bar'))"),
        ("has:cheese", HintCode::UnknownValue, "('=has:cheese' | ('has' <-> 'chees'))"),
        ("is:", HintCode::MissingValue, "'is'"),
        ("before:tomorrow", HintCode::NotATime, "('=before:tomorrow' | ('befor' <-> 'tomorrow'))"),
        ("\"a b", HintCode::UnclosedQuote, "'a' & 'b'"),
        ("ab*", HintCode::PrefixTooShort, "'ab'"),
    ] {
        let parsed = parse(query);
        assert_eq!(codes(&parsed), [code], "{query}");
        assert!(parsed.filters.is_empty() && parsed.hints.iter().all(|hint| !hint.word.is_empty()));
        assert_eq!(parsed.tsquery().as_deref(), Some(words), "{query}");
    }
    for words in ["https://example.com", "12:30", "localhost:8080", r"C:\temp", "re:", "слово:друге"] {
        assert_eq!(parse(words).hints, [], "{words}");
    }
}

#[test]
fn a_query_is_bounded() {
    let many: String = (0..200).map(|n| format!("w{n} ")).collect();
    let parsed = parse(&many);
    assert_eq!(parsed.terms.len(), MAX_QUERY_WORDS);
    assert_eq!(codes(&parsed), [HintCode::QueryTooLong, HintCode::TooManyWords]);
    let filters: String = (0..40).map(|n| format!("from:u{n} ")).collect();
    let parsed = parse(&filters);
    assert_eq!((parsed.filters.len(), codes(&parsed)), (MAX_FILTERS, vec![HintCode::TooManyFilters]));
    let phrase = format!("\"{}\" end", "a ".repeat(100));
    assert_eq!(tsquery(&phrase), "'end'");
}

#[test]
fn times_are_days_or_moments() {
    let at = |text: &str| Some(Timestamp(text.to_owned()));
    let day = ("2026-11-26T00:00:00.000000Z", "2026-11-27T00:00:00.000000Z");
    assert_eq!(Period::before("2026-11-26"), Some(Period { from: None, until: at(day.0) }));
    assert_eq!(Period::after("2026-11-26"), Some(Period { from: at(day.1), until: None }));
    assert_eq!(Period::on("2026-11-26"), Some(Period { from: at(day.0), until: at(day.1) }));
    let moment = "2026-11-26T01:30:00.5+02:00";
    assert_eq!(Period::before(moment), Some(Period { from: None, until: at("2026-11-25T23:30:00.500000Z") }));
    assert_eq!(Period::after(moment), Some(Period { from: at("2026-11-25T23:30:00.500001Z"), until: None }));
    let there = Some(Period { from: at("2026-11-25T22:00:00.000000Z"), until: at("2026-11-26T22:00:00.000000Z") });
    assert_eq!(Period::on(moment), there);
    for (leap, next) in [("2024-02-29", "2024-03-01"), ("2023-12-31", "2024-01-01"), ("2000-02-29", "2000-03-01")] {
        assert_eq!(Period::after(leap), Some(Period { from: at(&format!("{next}T00:00:00.000000Z")), until: None }));
    }
    for good in ["0001-01-01", "9999-12-30", "2026-11-26t01:02:03z", "2026-11-26T01:02:03.1234567890-00:00"] {
        assert!(Period::on(good).is_some(), "{good}");
    }
    for bad in [
        "2026-13-01",
        "2026-00-01",
        "2026-02-29",
        "1900-02-29",
        "2026-11-31",
        "2026-1-1",
        "26-11-2026",
        "2026/11/26",
        "2026-11-26T",
        "2026-11-26T24:00:00Z",
        "2026-11-26T01:02:03",
        "2026-11-26T01:02:60Z",
        "2026-11-26T01:02:03.Z",
        "2026-11-26T01:02:03+2:00",
        "2026-11-26T01:02:03+24:00",
        "0000-01-01",
        "9999-12-31",
        "+026-11-26",
        "2026-11-2６",
        "today",
        "",
    ] {
        assert_eq!(Period::on(bad), None, "{bad}");
    }
    assert!(matches!(parse("on:2026-11-26").filters.as_slice(), [Filter { kind: FilterKind::Within(_), .. }]));
}

#[test]
fn suggestions_are_for_words() {
    let parsed = parse("слво -other \"phrase\" pre* a-b");
    assert_eq!(parsed.terms.iter().filter_map(Term::word).collect::<Vec<_>>(), ["слво"]);
}
