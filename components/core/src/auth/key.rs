//! The key that tokens are checked with, and the one algorithm that it is for.

use super::settings::Settings;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::{Algorithm, DecodingKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;

/// The size of the hash of HS256 in bytes; the key must not be shorter (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// Reads the key of `settings`; `None` when there is none. The error is a sentence for the operator.
pub(super) fn from_settings(settings: &Settings) -> Result<Option<(DecodingKey, Algorithm)>, String> {
    match (&settings.jwt_secret, &settings.jwt_public_key) {
        (Some(_), Some(_)) => Err("set JWT_SECRET or JWT_PUBLIC_KEY, not both".to_owned()),
        (Some(secret), None) if secret.len() < MIN_SECRET_BYTES => {
            Err(format!("JWT_SECRET must have at least {MIN_SECRET_BYTES} bytes"))
        }
        (Some(secret), None) => Ok(Some((DecodingKey::from_secret(secret.as_bytes()), Algorithm::HS256))),
        (None, Some(pem)) => public_key(pem, settings.jwt_algorithm.as_deref()).map(Some),
        (None, None) => Ok(None),
    }
}

/// Reads a PEM public key: `PUBLIC KEY` (X.509 SubjectPublicKeyInfo), or `RSA PUBLIC KEY` (PKCS #1) for RS256.
fn public_key(pem: &str, algorithm: Option<&str>) -> Result<(DecodingKey, Algorithm), String> {
    let algorithm = match algorithm {
        None | Some("RS256") => Algorithm::RS256,
        Some("ES256") => Algorithm::ES256,
        Some("EdDSA") => Algorithm::EdDSA,
        Some(other) => return Err(format!("JWT_ALGORITHM must be RS256, ES256 or EdDSA, not {other:?}")),
    };
    let pem = pem::parse(pem).map_err(|e| format!("JWT_PUBLIC_KEY is no PEM text: {e}"))?;
    let key = match (algorithm, pem.tag()) {
        (Algorithm::RS256, "PUBLIC KEY") => rsa::PublicKey::from_public_key_der(pem.contents()).ok().map(rsa_key),
        (Algorithm::RS256, "RSA PUBLIC KEY") => rsa::PublicKey::from_pkcs1_der(pem.contents()).ok().map(rsa_key),
        (Algorithm::ES256, "PUBLIC KEY") => p256::PublicKey::from_public_key_der(pem.contents()).ok().map(p256_key),
        (Algorithm::EdDSA, "PUBLIC KEY") => VerifyingKey::from_public_key_der(pem.contents()).ok().map(ed25519_key),
        _ => None,
    };
    match key {
        Some(key) => Ok((key, algorithm)),
        None => Err(format!("JWT_PUBLIC_KEY is a PEM {}, not a public key for {algorithm:?}", pem.tag())),
    }
}

fn rsa_key(key: rsa::PublicKey) -> DecodingKey {
    DecodingKey::from_rsa_raw_components(&key.n_bytes(), &key.e_bytes())
}

fn p256_key(key: p256::PublicKey) -> DecodingKey {
    DecodingKey::from_ec_der(key.to_sec1_point(false).as_bytes())
}

fn ed25519_key(key: VerifyingKey) -> DecodingKey {
    DecodingKey::from_ed_der(key.as_bytes())
}
