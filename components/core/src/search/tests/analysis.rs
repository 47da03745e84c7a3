//! What a text is found by.

use super::*;

fn lexemes(text: &str) -> String {
    analyse(text).vector()
}

#[test]
fn a_word_is_found_by_its_stem_and_its_exact_form() {
    assert_eq!(lexemes("Running dogs"), "'=dogs':2 '=running':1 'dog':2 'run':1");
    assert_eq!(lexemes("Книгами"), "'=книгами':1 'книг':1");
    assert_eq!(lexemes(""), "");
    assert_eq!(lexemes(" .,!? \u{301}\u{ad}"), "");
}

#[test]
fn forms_of_a_word_find_each_other() {
    for (query, text) in [
        ("книга", "дві книжки, три книги"),
        ("книзі", "у книгах"),
        ("день", "кілька днів тому"),
        ("вікно", "без вікон"),
        ("стіл", "на столі"),
        ("якість", "високої якості"),
        ("ніч", "серед ночі"),
        ("друг", "мої друзі"),
        ("робити", "що ти робиш"),
        ("ходити", "я ходжу"),
        ("писати", "вони пишуть"),
        ("малювати", "малюю зранку"),
        ("знайти", "знайшов"),
        ("дивитися", "дивишся"),
        ("великий", "великої кількості"),
        ("організація", "багато організацій"),
        ("знання", "немає знань"),
        ("комп'ютер", "комп’ютерами"),
        ("Київ", "у Києві"),
        ("message", "Messages"),
        ("deploy", "deploying deployed"),
    ] {
        assert!(finds(query, text), "{query} in {text}: {:?} {}", parse(query).tsquery(), lexemes(text));
    }
}

#[test]
fn other_words_do_not() {
    for (query, text) in [
        ("замок", "замкнений"),
        ("робот", "робити"),
        ("писати", "пес"),
        ("народ", "народний"),
        ("видання", "виданий"),
        ("робитися", "робити"),
    ] {
        assert!(!finds(query, text), "{query} in {text}: {:?} {}", parse(query).tsquery(), lexemes(text));
    }
}

#[test]
fn small_words_stay_apart() {
    let words = "про при для але або та то що як коли де там тут так ні не на зі до від по за над під між через без бо чи ми ви ти мій \
                 твій наш ваш сам хто хтось щось ще вже лише якщо тому потім зараз дуже треба можна ось";
    let words: Vec<&str> = words.split_whitespace().collect();
    for (at, one) in words.iter().enumerate() {
        for other in words.iter().skip(at + 1) {
            assert!(!finds(one, other), "{one} {other}");
        }
    }
}

#[test]
fn what_looks_or_reads_alike_is_one() {
    for (one, other) in [
        ("замо\u{301}к", "замок"),
        ("сло\u{ad}во", "слово"),
        ("м'я'та", "м’я‘та"),
        ("п`ять", "п´ять"),
        ("комп'ютер", "компʼютер"),
        ("ґанок", "ганок"),
        ("cлoвo", "слово"),
        ("МІСТO", "місто"),
        ("соmpany", "company"),
        ("йод", "и\u{306}од"),
        ("ｆｕｌｌ", "full"),
        ("ﬁle", "file"),
        ("CAFÉ", "cafe"),
        ("сло\u{2060}во", "слово"),
        ("Івано\u{2011}Франківськ", "Івано-Франківськ"),
    ] {
        assert_eq!(lexemes(one), lexemes(other), "{one} {other}");
    }
    // The letters of a word that has others of its own alphabet stay.
    assert_ne!(lexemes("wikі"), lexemes("вікі"));
    assert_eq!(lexemes("API"), "'=api':1 'api':1");
}

#[test]
fn what_is_written_in_one_piece_is_found_whole_and_in_parts() {
    for (text, queries) in [
        ("Write to User.Name@Example.com.", &["user.name@example.com", "example.com", "user", "name@example"][..]),
        ("See https://example.com/a_(b)?q=1&x=2.", &["https://example.com/a_(b)?q=1&x=2", "example.com/a", "example"]),
        ("ask @Alice:example.com", &["@alice", "@alice:example.com", "alice", "example.com"]),
        ("this is #Новини!", &["#новини", "новини", "новина"]),
        (
            "report-final_2026.PDF, 3 MB",
            &["report-final_2026.pdf", "report", "final", "pdf", "final_2026", "\"report final\""],
        ),
        ("released v1.2.3-rc.1", &["v1.2.3-rc.1", "1.2.3", "rc"]),
        ("call get_user_name()", &["get_user_name", "user_name", "user", "\"user name\""]),
        ("call getUserName()", &["getusername", "getUserName", "user", "name", "\"call getUserName\""]),
        ("HTTPServer", &["http", "server", "httpserver"]),
        ("kebab-case-name", &["kebab-case-name", "case-name", "kebab"]),
        ("covid19 і ПриватБанк", &["covid", "19", "приват", "банку", "приватбанк"]),
        ("PDFки", &["pdf", "pdfки"]),
        ("Івано-Франківську", &["івано-франківськ", "франківськ"]),
        ("C++ and C# are", &["c++", "c#", "C++"]),
        ("готово 🔥🔥", &["🔥", "готово"]),
        ("東京都", &["東京", "京都"]),
    ] {
        for query in queries {
            assert!(finds(query, text), "{query} in {text}: {:?} {}", parse(query).tsquery(), lexemes(text));
        }
    }
    for (query, text) in [
        ("@alice", "alice"),
        ("#новини", "новини"),
        ("user@example.com", "user@example.org"),
        ("1.2.3", "1.2.4"),
        ("c++", "c"),
        ("京東", "東京"),
    ] {
        assert!(!finds(query, text), "{query} in {text}");
    }
}

#[test]
fn words_and_positions_are_bounded() {
    let long = "я".repeat(5_000);
    assert!(finds(&format!("{long} x").chars().take(MAX_QUERY).collect::<String>(), &"я".repeat(MAX_QUERY)));
    let vector = lexemes(&long);
    assert!(vector.split(' ').all(|lexeme| lexeme.len() <= MAX_LEXEME + 2 + 2), "{vector}");

    let many: String = (0..30_000).map(|n| format!("{n:x} ")).collect();
    let vector = lexemes(&many);
    assert!(vector.len() < 2 * MAX_VECTOR);
    let positions = vector.split(' ').filter_map(|lexeme| lexeme.rsplit_once(':')).flat_map(|(_, at)| at.split(','));
    assert!(positions.map(|at| at.parse::<usize>().unwrap()).all(|at| (1..=MAX_POSITION).contains(&at)));

    let same = lexemes(&"a ".repeat(30_000));
    assert_eq!(same.matches(',').count(), 2 * (MAX_POSITIONS - 1));

    // Neither takes a time that grows with the square of its length.
    for hostile in
        ["https://a".to_owned() + &")".repeat(MAX_TEXT), "a'".repeat(MAX_TEXT / 2), "https://".repeat(MAX_TEXT / 8)]
    {
        assert!(lexemes(&hostile).len() < 2 * MAX_VECTOR);
    }

    // One character that is eighteen, without spaces between them.
    let grown = lexemes(&"\u{fdfa}x".repeat(MAX_TEXT));
    assert!(grown.len() < 2 * MAX_VECTOR);
}

#[test]
fn a_literal_is_quoted() {
    assert!(lexemes(r"https://a/b\c'/d").contains(r"'=https://a/b\\c''/d':1"));
    assert!(!lexemes("https://a/\0b").contains('\0'));
}

#[test]
fn links_and_vocabulary_are_told() {
    assert!(analyse("(https://example.com)").has_link());
    assert!(!analyse("example.com").has_link());
    let analysis = analyse("Привіт, user@example.com! 42 п'ять");
    assert_eq!(analysis.forms().collect::<Vec<_>>(), ["привіт", "user", "example", "com", "пʼять"]);
}
