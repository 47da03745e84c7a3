//! Idempotency keys: what makes every retry end in one result.

use crate::ids::EntityId;
use crate::problem::Problem;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// An `Idempotency-Key` hashed together with its caller, so that nobody can use or guess another caller's key.
///
/// It is the Matrix transaction id, the field `city.daarion.key` of the event's content, and `messages.client_key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientKey(String);

impl ClientKey {
    /// Whether a header is a key: 1 to 255 visible ASCII characters.
    pub fn check(header: &str) -> Result<(), Problem> {
        if (1..=255).contains(&header.len()) && header.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
            return Ok(());
        }
        Err(Problem::invalid_key())
    }

    /// Hashes a caller's key.
    pub fn new(caller: &EntityId, header: &str) -> Self {
        Self(digest(&[caller.as_str(), header]))
    }

    /// Takes a key back from where it was stored; `None` when it cannot be one of ours.
    pub fn stored(text: &str) -> Option<Self> {
        let ours = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| Self(text.to_owned()))
    }

    /// 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The fingerprint of what a caller asked for: the same key with another fingerprint is an error.
pub fn fingerprint(parts: &[&str]) -> String {
    digest(parts)
}

/// SHA-256 over length-prefixed parts, so that no two lists of parts run together.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(text: &str) -> EntityId {
        EntityId::parse(text).unwrap()
    }

    #[test]
    fn two_callers_with_the_same_key_do_not_meet() {
        let alice = ClientKey::new(&entity("user:alice"), "k");
        assert_eq!(alice, ClientKey::new(&entity("user:alice"), "k"));
        assert_ne!(alice, ClientKey::new(&entity("user:bob"), "k"));
        assert_eq!(ClientKey::stored(alice.as_str()), Some(alice));
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_ne!(fingerprint(&["a"]), fingerprint(&["a", ""]));
    }

    #[test]
    fn a_key_that_is_no_header_value_is_refused() {
        for header in ["", "a b", "a\n", "ключ", &"x".repeat(256)] {
            assert!(ClientKey::check(header).is_err(), "{header:?}");
        }
        assert!(ClientKey::stored("k").is_none());
    }
}
