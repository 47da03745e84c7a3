//! Text on its way into the index: previews, and what a text field may hold.

use crate::problem::FieldError;

/// How many characters of a message the index keeps.
pub const PREVIEW_CHARACTERS: usize = 500;

/// The first [`PREVIEW_CHARACTERS`] characters. PostgreSQL cannot store NUL, so it becomes U+FFFD.
pub fn preview(text: &str) -> String {
    text.chars().take(PREVIEW_CHARACTERS).map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

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

    proptest! {
        #[test]
        fn a_preview_is_a_prefix_that_postgresql_can_store(text in ".{0,600}") {
            let short = preview(&text);
            prop_assert!(short.chars().count() <= PREVIEW_CHARACTERS);
            prop_assert!(!short.contains('\0'));
            if !text.contains('\0') { prop_assert!(text.starts_with(&short)); }
        }
    }
}
