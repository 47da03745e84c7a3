//! Text on its way into the index.

/// How many characters of a message the index keeps.
pub const PREVIEW_CHARACTERS: usize = 500;

/// The first [`PREVIEW_CHARACTERS`] characters. PostgreSQL cannot store NUL, so it becomes U+FFFD.
pub fn preview(text: &str) -> String {
    text.chars().take(PREVIEW_CHARACTERS).map(|c| if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }).collect()
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
