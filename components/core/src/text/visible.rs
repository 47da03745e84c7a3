//! What one can see of a text (Unicode Standard, chapter 23; UAX #44, `Default_Ignorable_Code_Point` and
//! `General_Category`).
//!
//! Names are shown in lists, logs and terminals, where a character that nobody sees makes two names look alike, and one
//! that acts (a line break, ESC, a change of direction) changes what is beside the name.

/// Whether a text is one line that one can see: nothing in it but what is shown, and something of it is.
///
/// Joiners (U+200C, U+200D) are allowed inside a word or an emoji, and tags behind a black flag, as flags of regions
/// have them.
pub fn is_line(text: &str) -> bool {
    is_visible(text) && is_clean(text)
}

/// The same of several lines: line breaks and tabs are allowed.
pub fn is_lines(text: &str) -> bool {
    is_visible(text) && text.split(['\n', '\r', '\t']).all(is_clean)
}

/// Makes a line out of what another server tells: white space that breaks a line becomes a space, and what cannot be
/// seen or changes the direction goes. NUL is shown as [`storable`](super::storable) says. At most `max` characters; `None` when nothing is left that one can see.
pub fn clean_line(text: &str, max: usize) -> Option<String> {
    let storable = text.chars().map(super::storable_char);
    let spaced = storable.map(|c| if c.is_whitespace() && is_forbidden(c) { ' ' } else { c });
    let mut clean = String::new();
    // Characters are counted, not bytes, and what was cut may have held a joiner's right side.
    for c in spaced.filter(|c| !is_forbidden(*c)).take(max) {
        clean.push(c);
    }
    if !is_clean(&clean) {
        clean.retain(|c| !is_joiner(c) && !is_tag(c));
    }
    let clean = clean.trim();
    is_visible(clean).then(|| clean.to_owned())
}

/// Whether one can see something of a text.
pub(super) fn is_visible(text: &str) -> bool {
    text.chars().any(shows)
}

/// Whether nothing in a line hides or acts; the empty line is clean.
pub(super) fn is_clean(line: &str) -> bool {
    let mut before = None;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        let fits = match c {
            _ if is_joiner(c) => before.is_some_and(joins) && characters.peek().copied().is_some_and(shows),
            _ if is_tag(c) => before.is_some_and(|before| before == BLACK_FLAG || is_tag(before)),
            _ => !is_forbidden(c),
        };
        if !fits {
            return false;
        }
        before = Some(c);
    }
    true
}

const BLACK_FLAG: char = '\u{1f3f4}';

/// ZERO WIDTH NON-JOINER and ZERO WIDTH JOINER.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// The tag characters that spell the region of a flag.
fn is_tag(c: char) -> bool {
    matches!(c, '\u{e0020}'..='\u{e007f}')
}

/// Whether a character may stand before a joiner.
fn joins(before: char) -> bool {
    shows(before) || is_selector(before)
}

/// Variation selectors and fillers: they choose how the character beside them looks, and are nothing alone.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180d}' | '\u{180f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether a character is seen by itself.
fn shows(c: char) -> bool {
    // The braille pattern without a dot and the Hangul fillers are letters that look like white space.
    !c.is_whitespace() && !is_forbidden(c) && !is_joiner(c) && !is_tag(c) && !is_selector(c) && c != '\u{2800}'
}

/// Whether a character hides or acts wherever it stands.
fn is_forbidden(c: char) -> bool {
    if is_joiner(c) || is_tag(c) || is_selector(c) {
        return false;
    }
    c.is_control()
        || matches!(c,
            // Line and paragraph separators.
            '\u{2028}'..='\u{2029}'
            // Default ignorable: soft hyphen, marks and overrides of direction, zero-width characters, fillers.
            | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
            // Noncharacters.
            | '\u{fdd0}'..='\u{fdef}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_many_scripts_are_lines() {
        for name in [
            "General",
            "Загальний",
            "一般",
            "עברית",
            "العربية",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "한국어",
            "ไทย",
            "#1 – «так»",
            "Zoë",
            "e\u{301}",
            "👍",
            "❤\u{fe0f}",
            "1\u{fe0f}\u{20e3}",
            "👩\u{200d}❤\u{fe0f}\u{200d}👨",
            "🏳\u{fe0f}\u{200d}🌈",
            "🇺🇦",
            "👋🏽",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "葛\u{e0100}城",
        ] {
            assert!(is_line(name), "{name:?}");
            assert_eq!(clean_line(name, 255).as_deref(), Some(name));
        }
    }

    #[test]
    fn what_hides_or_acts_is_no_line() {
        for name in [
            "",
            " ",
            "\t",
            "\u{a0}",
            "\u{3000}",
            "\u{200b}",
            "\u{200d}",
            "\u{2060}",
            "\u{feff}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{2800}",
            "\u{115f}\u{1160}",
            "\u{fe0f}",
            "\u{e0067}",
            "a\nb",
            "a\r",
            "a\tb",
            "a\u{85}b",
            "a\u{2028}b",
            "a\u{2029}b",
            "a\u{1b}[31m",
            "a\u{7}",
            "a\u{7f}",
            "a\0",
            "a\u{9b}",
            "a\u{202e}b",
            "a\u{2066}b\u{2069}",
            "a\u{200f}b",
            "a\u{61c}b",
            "a\u{ad}b",
            "a\u{200b}b",
            "a\u{feff}",
            "a\u{200d}",
            "\u{200d}a",
            "a \u{200d}b",
            "a\u{200d}\u{200d}b",
            "a\u{e0067}",
            "a\u{e0001}",
            "a\u{fffe}",
            "a\u{1d173}",
        ] {
            assert!(!is_line(name), "{name:?}");
        }
    }

    #[test]
    fn another_servers_text_becomes_a_line() {
        assert_eq!(clean_line("a\nb\u{202e}c\u{1b}[0m\0", 255).as_deref(), Some("a bc[0m\u{fffd}"));
        assert_eq!(clean_line("  a\u{200b} ", 255).as_deref(), Some("a"));
        assert_eq!(clean_line("a\u{200d}", 255).as_deref(), Some("a"));
        assert_eq!(clean_line(&"😀".repeat(300), 255), Some("😀".repeat(255)));
        assert_eq!(clean_line("👩\u{200d}👨", 2).as_deref(), Some("👩"));
        for blank in ["", " \n", "\u{200b}\u{202e}", "\u{fe0f}"] {
            assert_eq!(clean_line(blank, 255), None, "{blank:?}");
        }
    }

    /// Any characters, the ones with a meaning here more often than chance has them.
    fn texts() -> impl Strategy<Value = String> {
        let special = prop::sample::select(vec![
            ' ',
            '\n',
            '\u{1b}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{202e}',
            '\u{2028}',
            '\u{feff}',
            '\u{fe0f}',
            '\u{1f3f4}',
            '\u{e0067}',
            '\u{e007f}',
            '👩',
            'a',
            '\u{115f}',
            '\0',
        ]);
        prop::collection::vec(prop_oneof![special, any::<char>()], 0..12).prop_map(|chars| chars.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_line_shows_something_and_breaks_nothing(text in texts()) {
            if is_line(&text) {
                prop_assert!(text.chars().any(|c| !c.is_whitespace()));
                let acts = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
                prop_assert!(!text.chars().any(acts));
                prop_assert_eq!(text.lines().count(), 1);
            }
        }

        #[test]
        fn what_is_made_a_line_is_one(text in texts(), max in 1_usize..8) {
            if let Some(line) = clean_line(&text, max) {
                prop_assert!(is_line(&line), "{:?} -> {:?}", text, line);
                prop_assert!(line.chars().count() <= max);
            }
        }

        #[test]
        fn a_line_stays_as_it_is(text in texts()) {
            if is_line(&text) && text.trim() == text {
                prop_assert_eq!(clean_line(&text, 255), Some(text));
            }
        }
    }
}
