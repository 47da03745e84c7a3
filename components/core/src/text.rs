//! Text on its way into the index: previews, and what a text field may hold.

pub mod html;
#[cfg(feature = "openapi")]
pub mod patterns;
mod quote;
mod visible;

pub use quote::without_quote;
pub use visible::{clean_line, is_line, is_lines};

use crate::problem::FieldError;
use unicode_segmentation::UnicodeSegmentation;
use visible::is_visible;

/// How many characters of a message the index keeps.
pub const PREVIEW_CHARACTERS: usize = 500;

/// What fills up a beginning: a noncharacter (Unicode Standard, section 23.7).
const FILLER: char = '\u{ffff}';

/// How far behind the preview's end a text is looked at: to where a character as people see it may reach.
const LOOKAHEAD: usize = 64;

/// The beginning of a text: what the index keeps as its preview. One that leaves something out ends between characters as
/// people see them (Unicode Standard Annex #29), and is filled up to one more than the index keeps, by which it sees that, with
/// a character that no text has. As [`storable`].
pub fn beginning(text: &str) -> String {
    let mut kept: String = text.chars().map(storable_char).take(PREVIEW_CHARACTERS + LOOKAHEAD).collect();
    if kept.chars().count() <= PREVIEW_CHARACTERS {
        return kept;
    }
    let (mut end, mut count) = (0, 0);
    for (at, cluster) in kept.grapheme_indices(true) {
        let characters = cluster.chars().count();
        if count + characters > PREVIEW_CHARACTERS {
            break;
        }
        (end, count) = (at + cluster.len(), count + characters);
    }
    if count == 0 {
        // One that is longer than all of it is cut all the same.
        return kept.chars().take(PREVIEW_CHARACTERS + 1).collect();
    }
    kept.truncate(end);
    kept.extend(std::iter::repeat_n(FILLER, PREVIEW_CHARACTERS + 1 - count));
    kept
}

/// The first [`PREVIEW_CHARACTERS`] of a text, cut as its [`beginning`] is.
pub fn preview(text: &str) -> String {
    let beginning: String = beginning(text).chars().take(PREVIEW_CHARACTERS).collect();
    beginning.trim_end_matches(FILLER).to_owned()
}

/// The [`beginning`] of a text [`without_quote`]; `None` when it has none.
pub fn unquoted_beginning(text: &str) -> Option<String> {
    let rest = without_quote(text);
    (rest.len() < text.len()).then(|| beginning(rest))
}

/// A text of Matrix as PostgreSQL can store it: NUL becomes U+FFFD. Our own callers are refused with it, and an id that
/// has it is none.
pub fn storable(text: &str) -> String {
    text.chars().map(storable_char).collect()
}

fn storable_char(c: char) -> char {
    if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }
}

/// Makes a name out of what another server tells: a [`clean_line`] of at most `max` characters, cut between characters as
/// people see them.
pub fn clean_name(text: &str, max: usize) -> Option<String> {
    let line = clean_line(text, max + LOOKAHEAD)?;
    let end = line.grapheme_indices(true).map(|(at, cluster)| at + cluster.len()).take_while(|end| {
        // Counted anew for each, which a name is short enough for.
        line.get(..*end).is_some_and(|kept| kept.chars().count() <= max)
    });
    // One character that is longer than all of it is cut all the same.
    clean_line(line.get(..end.last().unwrap_or(line.len())).unwrap_or_default(), max)
}

/// The beginning of `text` in at most `max` bytes, cut between characters; what is missing is shown as `…`.
pub fn clip(text: &str, max: usize) -> std::borrow::Cow<'_, str> {
    match text.len() > max {
        true => format!("{}…", text.get(..text.floor_char_boundary(max)).unwrap_or_default()).into(),
        false => text.into(),
    }
}

/// What the log says of a failure: without the backtrace that an error's `Debug` form brings along, and in at most
/// [`LOG_BYTES`] bytes, because some texts in it come from callers.
pub fn log_message(text: &str) -> std::borrow::Cow<'_, str> {
    let end = ["\nStack backtrace:", "\nstack backtrace:"].iter().filter_map(|sign| text.find(sign)).min();
    clip(text.get(..end.unwrap_or(text.len())).unwrap_or_default().trim_end(), LOG_BYTES)
}

/// The longest message of a log line.
pub const LOG_BYTES: usize = 1_000;

/// What the text of a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    /// One line that one can see: names and topics. See [`is_line`].
    Line,
    /// Lines that one can see: descriptions. As a line, but line breaks and tabs are allowed.
    Lines,
    /// What somebody says, and its HTML: anything. It is shown as a message and not as somebody's or something's name.
    Message,
}

/// Adds an error unless `text` is a text of its kind with `min` to `max` characters and no NUL, which PostgreSQL
/// cannot store. With `min` 0 the empty text is allowed, which takes the field away.
pub(crate) fn check_text(
    field: &str,
    kind: TextKind,
    text: Option<&str>,
    (min, max): (usize, usize),
    errors: &mut Vec<FieldError>,
) {
    let Some(text) = text else { return };
    let length = text.chars().take(max + 1).count();
    if length < min || length > max {
        let detail = match min {
            0 => format!("must have at most {max} characters"),
            _ => format!("must have {min} to {max} characters"),
        };
        errors.push(FieldError::body(field, detail));
    } else if text.contains('\0') {
        errors.push(FieldError::body(field, "must not contain the character NUL"));
    } else if !text.is_empty() && kind != TextKind::Message && !is_visible(text) {
        errors.push(FieldError::body(field, "must have a character that one can see"));
    } else if kind == TextKind::Line && !text.is_empty() && !is_line(text) {
        let detail = "must be one line, without control characters, characters that cannot be seen, and marks that \
                      change the direction of the text";
        errors.push(FieldError::body(field, detail));
    } else if kind == TextKind::Lines && !text.is_empty() && !is_lines(text) {
        let detail = "must have no control characters but line breaks and tabs, no characters that cannot be seen, and \
                      no marks that change the direction of the text";
        errors.push(FieldError::body(field, detail));
    }
}

/// Whether a text is an `mxc://` address (Matrix specification, "Matrix Content (mxc://) URIs") of at most 255 bytes: a server's
/// name and an id, of which nobody can make another path.
pub fn is_mxc(url: &str) -> bool {
    url.strip_prefix("mxc://").and_then(|rest| rest.split_once('/')).is_some_and(|(server, id)| {
        let of_server = |b: u8| b.is_ascii_alphanumeric() || b".:[]-".contains(&b);
        let of_id = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        url.len() <= 255
            && server.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && server.bytes().all(of_server)
            && !id.is_empty()
            && id.bytes().all(of_id)
    })
}

/// Adds an error unless `url` is an `mxc://` address.
pub(crate) fn check_mxc(field: &str, url: Option<&str>, errors: &mut Vec<FieldError>) {
    if url.is_some_and(|url| !is_mxc(url)) {
        errors.push(FieldError::body(field, "must be an mxc://server/id address"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(kind: TextKind, text: &str) -> bool {
        let mut errors = Vec::new();
        check_text("field", kind, Some(text), (0, 1_000), &mut errors);
        !errors.is_empty()
    }

    #[test]
    fn an_emoji_at_the_boundary_stays_whole() {
        let text = format!("{}😀😀😀", "a".repeat(499));
        assert_eq!(beginning(&text), format!("{}😀{FILLER}", "a".repeat(499)));
    }

    #[test]
    fn what_people_see_as_one_character_is_not_cut() {
        for whole in ["👩‍👩‍👧‍👦", "👍🏽", "🇺🇦", "й", "각"] {
            let size = whole.chars().count();
            for before in PREVIEW_CHARACTERS - size..=PREVIEW_CHARACTERS {
                let text = format!("{}{whole}{}", "a".repeat(before), "b".repeat(100));
                let cut = beginning(&text);
                assert_eq!(cut.chars().count(), PREVIEW_CHARACTERS + 1, "{whole}");
                let kept = cut.trim_end_matches(FILLER);
                let expected = if before + size > PREVIEW_CHARACTERS { 0 } else { size };
                assert_eq!(kept.chars().count(), before + expected, "{whole} behind {before}");
                assert!(text.starts_with(kept));
            }
        }
        // Nobody sees a thousand marks on one letter.
        let marks = format!("a{}", "\u{301}".repeat(1_000));
        assert_eq!(beginning(&marks).chars().count(), PREVIEW_CHARACTERS + 1);
        assert_eq!(beginning(&"a".repeat(PREVIEW_CHARACTERS)), "a".repeat(PREVIEW_CHARACTERS));
    }

    #[test]
    fn what_nobody_can_see_is_no_name() {
        for blank in
            [" ", "\u{a0}\u{3000}", "\u{200b}", "\u{200d}", "\u{2060}\u{feff}", "\u{3164}", "\u{fe0f}", "\n", "\u{1b}"]
        {
            for kind in [TextKind::Line, TextKind::Lines] {
                assert!(refused(kind, blank), "{kind:?} {blank:?}");
            }
            assert!(!refused(TextKind::Message, blank), "{blank:?}");
        }
    }

    #[test]
    fn line_breaks_are_for_lines() {
        for text in ["a\nb", "a\r\n\tb\n", "\n\na"] {
            assert!(refused(TextKind::Line, text), "{text:?}");
            assert!(!refused(TextKind::Lines, text) && !refused(TextKind::Message, text), "{text:?}");
        }
        for text in ["a\u{1b}[31m", "a\u{202e}b", "a\u{200b}b", "a\u{2028}b"] {
            assert!(refused(TextKind::Line, text) && refused(TextKind::Lines, text), "{text:?}");
            assert!(!refused(TextKind::Message, text), "{text:?}");
        }
        assert!(refused(TextKind::Lines, "\0") && refused(TextKind::Message, "a\0"));
        assert!(!refused(TextKind::Line, ""), "the empty text takes the field away");
    }

    #[test]
    fn an_address_is_an_mxc_address() {
        for good in ["mxc://server/id", "mxc://a.example:8448/A_b-9", "mxc://[::1]:8008/x"] {
            assert!(is_mxc(good), "{good}");
        }
        for bad in
            ["", "javascript:alert(1)//", "mxc://", "mxc:///x", "mxc://a/", "mxc://a/б", "mxc://a/b c", "MXC://a/b"]
                .into_iter()
                .chain([
                    "mxc://a/../b",
                    "mxc://../b",
                    "mxc://a/b/c",
                    "mxc://a/b?x",
                    "mxc://a/b#c",
                    "mxc://a@b/c",
                    "mxc://a/b%2f",
                ])
        {
            assert!(!is_mxc(bad), "{bad}");
        }
    }

    #[test]
    fn a_log_message_is_short_and_has_no_backtrace() {
        let long = "ä".repeat(LOG_BYTES);
        assert!(log_message(&long).len() <= LOG_BYTES + '…'.len_utf8());
        let error = "connection refused\n\nCaused by:\n    0: os error 111\n\nStack backtrace:\n   0: std::backtrace";
        assert_eq!(log_message(error), "connection refused\n\nCaused by:\n    0: os error 111");
        assert_eq!(log_message("short"), "short");
    }

    proptest! {
        #[test]
        fn a_clipped_text_is_a_prefix(text in ".{0,40}", max in 0_usize..40) {
            let short = clip(&text, max);
            let kept = short.strip_suffix('…').filter(|_| text.len() > max).unwrap_or(&short);
            prop_assert!(kept.len() <= max && text.starts_with(kept));
        }

        #[test]
        fn a_beginning_is_a_prefix_that_postgresql_can_store(text in ".{0,600}") {
            let short = beginning(&text);
            prop_assert_eq!(short.chars().count(), text.chars().count().min(PREVIEW_CHARACTERS + 1));
            prop_assert!(!short.contains('\0'));
            if !text.contains('\0') { prop_assert!(text.starts_with(short.trim_end_matches(FILLER))); }
        }
    }
}
