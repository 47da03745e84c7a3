//! What a file is called.

use crate::text::clean_name;

/// The last part of what may be a path, as a line of at most `max` characters that one can see; `None` where that names nothing.
pub fn last_part(text: &str, max: usize) -> Option<String> {
    let last = text.rsplit(['/', '\\']).find(|part| !part.trim().is_empty())?;
    clean_name(last, max).filter(|name| !name.chars().all(|c| c == '.'))
}
