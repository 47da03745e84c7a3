//! Idempotency keys: what makes every retry end in one result.

use crate::ids::EntityId;
use crate::problem::Problem;
use hmac::{Hmac, KeyInit, Mac};
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
///
/// It is stored and goes into the Matrix event, so it is made with a secret of the service: a short text could be found
/// by trying. `2:` tells it from the plain hashes of earlier versions.
pub fn fingerprint(secret: &str, parts: &[&str]) -> Result<String, Problem> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(Problem::internal)?;
    for_each_piece(parts, |piece| mac.update(piece));
    Ok(format!("2:{}", hex(&mac.finalize().into_bytes())))
}

/// SHA-256 over parts, for names that everybody may work out.
pub fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for_each_piece(parts, |piece| hash.update(piece));
    hex(&hash.finalize())
}

/// Each part behind its length, so that no two lists of parts run together.
fn for_each_piece(parts: &[&str], mut take: impl FnMut(&[u8])) {
    for part in parts {
        take(&(part.len() as u64).to_be_bytes());
        take(part.as_bytes());
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
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
        let of = |parts| fingerprint("secret", parts).unwrap();
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a"]), of(&["a", ""]));
        assert_ne!(digest(&["ab", "c"]), digest(&["a", "bc"]));
    }

    #[test]
    fn nobody_without_the_secret_finds_a_text_by_its_fingerprint() {
        let stored = fingerprint("secret", &["pin 4711"]).unwrap();
        assert_eq!(stored, fingerprint("secret", &["pin 4711"]).unwrap());
        assert!(stored.starts_with("2:") && stored.len() == 66);
        assert_ne!(stored, fingerprint("guess", &["pin 4711"]).unwrap());
        assert!(!stored.ends_with(&digest(&["pin 4711"])));
    }

    #[test]
    fn a_key_that_is_no_header_value_is_refused() {
        for header in ["", "a b", "a\n", "ключ", &"x".repeat(256)] {
            assert!(ClientKey::check(header).is_err(), "{header:?}");
        }
        assert!(ClientKey::stored("k").is_none());
    }
}
