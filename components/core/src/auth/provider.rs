//! The cryptography below `jsonwebtoken`: verification of the four algorithms that this service knows, and nothing
//! else. The back ends of that crate also sign and know eight more, which makes a component half a megabyte larger.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use p256::ecdsa::signature::Verifier as _;
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, Pkcs1v15Sign};
use sha2::{Digest, Sha256};

static PROVIDER: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

/// Makes this the process's provider. Without one `jsonwebtoken::decode` panics.
pub(super) fn install() {
    // The error is the provider that stands already: this one, since nothing else installs any.
    let _ = PROVIDER.install_default();
}

/// The shortest modulus of RS256 in bytes (RFC 7518, section 3.3).
const MIN_RSA_BYTES: usize = 256;

/// Whether `key` can check tokens of `algorithm`.
pub(super) fn fits(algorithm: Algorithm, key: &DecodingKey) -> bool {
    Key::new(algorithm, key).is_some()
}

/// A key with the one algorithm that it verifies.
enum Key {
    Hs256(Hmac<Sha256>),
    Rs256(rsa::PublicKey),
    Es256(p256::ecdsa::VerifyingKey),
    EdDsa(ed25519_dalek::VerifyingKey),
}

impl Key {
    /// `None` when the key does not fit the algorithm, or the algorithm is none of the four.
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Option<Self> {
        match (algorithm, key.family(), key.kind()) {
            (Algorithm::HS256, AlgorithmFamily::Hmac, DecodingKeyKind::SecretOrDer(secret)) => {
                Hmac::new_from_slice(secret).ok().map(Self::Hs256)
            }
            (Algorithm::RS256, AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                let (n, e) = (BoxedUint::from_be_slice_vartime(n), BoxedUint::from_be_slice_vartime(e));
                rsa::PublicKey::new(n, e).ok().filter(|key| key.size() >= MIN_RSA_BYTES).map(Self::Rs256)
            }
            (Algorithm::ES256, AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => {
                p256::ecdsa::VerifyingKey::from_sec1_bytes(point).ok().map(Self::Es256)
            }
            (Algorithm::EdDSA, AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(point)) => {
                let point = point.as_slice().try_into().ok()?;
                ed25519_dalek::VerifyingKey::from_bytes(point).ok().map(Self::EdDsa)
            }
            _ => None,
        }
    }

    fn is_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hs256(mac) => mac.clone().chain_update(message).verify_slice(signature).is_ok(),
            Self::Rs256(key) => key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature).is_ok(),
            Self::Es256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            Self::EdDsa(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
        }
    }
}

impl Verifier<Vec<u8>> for Key {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        if self.is_signed(message, signature) { Ok(()) } else { Err(signature::Error::new()) }
    }
}

impl JwtVerifier for Key {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Hs256(_) => Algorithm::HS256,
            Self::Rs256(_) => Algorithm::RS256,
            Self::Es256(_) => Algorithm::ES256,
            Self::EdDsa(_) => Algorithm::EdDSA,
        }
    }
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    match Key::new(*algorithm, key) {
        Some(key) => Ok(Box::new(key)),
        None => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}
