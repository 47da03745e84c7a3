//! Names that nobody can guess or compose without a secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;

/// The name that belongs to `id` under `secret`, the same each time: 64 hexadecimal digits (HMAC-SHA-256, RFC 2104).
/// `purpose` keeps names of different kinds apart.
///
/// `None` without a secret: what everybody can compute is no secret name.
pub fn secret_name(secret: &str, purpose: &str, id: &str) -> Option<String> {
    if secret.is_empty() {
        return None;
    }
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    // The length keeps purpose and id from running together.
    let mac = mac.chain_update((purpose.len() as u64).to_be_bytes()).chain_update(purpose).chain_update(id);
    Some(mac.finalize().into_bytes().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_depends_on_all_three_and_on_nothing_else() {
        let name = secret_name("secret", "room", "id").unwrap();
        assert_eq!(secret_name("secret", "room", "id"), Some(name.clone()));
        assert!(name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()));
        for (secret, purpose, id) in [("other", "room", "id"), ("secret", "roo", "mid"), ("secret", "room", "di")] {
            assert_ne!(secret_name(secret, purpose, id), Some(name.clone()));
        }
    }

    #[test]
    fn there_is_none_without_a_secret() {
        assert_eq!(secret_name("", "room", "id"), None);
    }
}
