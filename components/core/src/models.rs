//! What callers send: each body is validated whole, so that one answer names every bad field.

mod channel;
mod member;
mod message;

pub use channel::*;
pub use member::*;
pub use message::*;

use crate::problem::FieldError;

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

pub(crate) fn check_mxc(field: &str, url: Option<&str>, errors: &mut Vec<FieldError>) {
    let Some(url) = url else { return };
    let valid = url.strip_prefix("mxc://").and_then(|rest| rest.split_once('/')).is_some_and(|(server, id)| {
        !server.is_empty() && !id.is_empty() && url.len() <= 255 && url.bytes().all(|b| b.is_ascii_graphic())
    });
    if !valid {
        errors.push(FieldError::body(field, "must be an mxc://server/id address"));
    }
}
