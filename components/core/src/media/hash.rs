//! The sum of a file that passes by.

use crate::idempotency::hex;
use sha2::{Digest, Sha256};

/// SHA-256 of bytes that come in pieces.
#[derive(Debug, Clone, Default)]
pub struct ContentHash(Sha256);

impl ContentHash {
    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The sum of all of them so far, in 64 hexadecimal digits.
    pub fn sum(&self) -> String {
        hex(&self.0.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_sum_of_the_whole() {
        let mut hash = ContentHash::default();
        hash.update(b"ab");
        hash.update(b"c");
        assert_eq!(hash.sum(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
