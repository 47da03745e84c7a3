//! Text on its way into the index: previews, and what a text field may hold.

use crate::problem::FieldError;

/// How many characters of a message the index keeps.
pub const PREVIEW_CHARACTERS: usize = 500;

/// The first [`PREVIEW_CHARACTERS`] characters. PostgreSQL cannot store NUL, so it becomes U+FFFD.
pub fn preview(text: &str) -> String {
    text.chars().take(PREVIEW_CHARACTERS).map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }).collect()
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
/// The longest path in a log line: longer than any that names something.
pub const LOG_PATH_BYTES: usize = 200;

/// Adds an error unless `text` has `min` to `max` characters and no NUL, which PostgreSQL cannot store.
pub(crate) fn check_text(field: &str, text: Option<&str>, min: usize, max: usize, errors: &mut Vec<FieldError>) {
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
    }
}

/// Adds an error unless `url` is an `mxc://` address (Matrix specification, "Matrix Content (mxc://) URIs").
pub(crate) fn check_mxc(field: &str, url: Option<&str>, errors: &mut Vec<FieldError>) {
    let Some(url) = url else { return };
    let valid = url.strip_prefix("mxc://").and_then(|rest| rest.split_once('/')).is_some_and(|(server, id)| {
        !server.is_empty() && !id.is_empty() && url.len() <= 255 && url.bytes().all(|b| b.is_ascii_graphic())
    });
    if !valid {
        errors.push(FieldError::body(field, "must be an mxc://server/id address"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_emoji_at_the_boundary_stays_whole() {
        let text = format!("{}😀😀", "a".repeat(499));
        assert_eq!(preview(&text), format!("{}😀", "a".repeat(499)));
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
        fn a_preview_is_a_prefix_that_postgresql_can_store(text in ".{0,600}") {
            let short = preview(&text);
            prop_assert!(short.chars().count() <= PREVIEW_CHARACTERS);
            prop_assert!(!short.contains('\0'));
            if !text.contains('\0') { prop_assert!(text.starts_with(&short)); }
        }
    }
}
