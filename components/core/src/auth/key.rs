//! The keys that tokens are checked with, and the one algorithm that they are for. The settings decide it, never a token.

use super::internal::MAX_SECRETS;
use super::key_set::{self, FetchedKeys};
use super::provider;
use super::settings::Settings;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::{Algorithm, DecodingKey};
use p256::elliptic_curve::sec1::ToSec1Point;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;

/// The size of the hash of HS256 in bytes; the key must not be shorter (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// A key, and the id under which its issuer publishes it.
pub(super) struct Key {
    pub id: Option<String>,
    pub key: DecodingKey,
}

/// Where the keys come from.
pub(super) enum Keys {
    /// From the settings.
    Fixed(Vec<Key>),
    /// From the issuer, again and again.
    Fetched(FetchedKeys),
}

/// Reads the keys of `settings`; `None` when there are none. The error is a sentence for the operator.
pub(super) fn from_settings(settings: &Settings) -> Result<Option<(Keys, Algorithm)>, String> {
    let public = || algorithm(settings.jwt_algorithm.as_deref());
    match (&settings.jwt_secret, &settings.jwt_public_key, &settings.jwt_jwks_url) {
        (None, None, None) => Ok(None),
        (Some(secrets), None, None) => Ok(Some((Keys::Fixed(shared(secrets)?), Algorithm::HS256))),
        (None, Some(document), None) if document.trim_start().starts_with('{') => {
            let algorithm = public()?;
            let keys = key_set::parse(document.as_bytes(), algorithm).map_err(|e| format!("JWT_PUBLIC_KEY {e}"))?;
            Ok(Some((Keys::Fixed(keys), algorithm)))
        }
        (None, Some(pem), None) => {
            let algorithm = public()?;
            Ok(Some((Keys::Fixed(vec![Key { id: None, key: public_key(pem, algorithm)? }]), algorithm)))
        }
        (None, None, Some(url)) => {
            let algorithm = public()?;
            Ok(Some((Keys::Fetched(FetchedKeys::new(url, algorithm)?), algorithm)))
        }
        _ => Err("set one of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL".to_owned()),
    }
}

fn shared(secrets: &str) -> Result<Vec<Key>, String> {
    let secrets: Vec<_> = secrets.split_ascii_whitespace().collect();
    if secrets.len() > MAX_SECRETS {
        return Err(format!("JWT_SECRET must be one secret, or {MAX_SECRETS} with a space between"));
    }
    if secrets.iter().any(|secret| secret.len() < MIN_SECRET_BYTES) {
        return Err(format!("JWT_SECRET must have at least {MIN_SECRET_BYTES} bytes, each of two"));
    }
    Ok(secrets.iter().map(|secret| Key { id: None, key: DecodingKey::from_secret(secret.as_bytes()) }).collect())
}

fn algorithm(name: Option<&str>) -> Result<Algorithm, String> {
    match name {
        None | Some("RS256") => Ok(Algorithm::RS256),
        Some("ES256") => Ok(Algorithm::ES256),
        Some("EdDSA") => Ok(Algorithm::EdDSA),
        Some(other) => Err(format!("JWT_ALGORITHM must be RS256, ES256 or EdDSA, not {other:?}")),
    }
}

/// Reads a PEM public key: `PUBLIC KEY` (X.509 SubjectPublicKeyInfo), or `RSA PUBLIC KEY` (PKCS #1) for RS256.
fn public_key(pem: &str, algorithm: Algorithm) -> Result<DecodingKey, String> {
    let pem = pem::parse(pem).map_err(|e| format!("JWT_PUBLIC_KEY is neither a PEM text nor a JWK Set: {e}"))?;
    let key = match (algorithm, pem.tag()) {
        (Algorithm::RS256, "PUBLIC KEY") => rsa::PublicKey::from_public_key_der(pem.contents()).ok().map(rsa_key),
        (Algorithm::RS256, "RSA PUBLIC KEY") => rsa::PublicKey::from_pkcs1_der(pem.contents()).ok().map(rsa_key),
        (Algorithm::ES256, "PUBLIC KEY") => p256::PublicKey::from_public_key_der(pem.contents()).ok().map(p256_key),
        (Algorithm::EdDSA, "PUBLIC KEY") => VerifyingKey::from_public_key_der(pem.contents()).ok().map(ed25519_key),
        _ => None,
    };
    match key.filter(|key| provider::fits(algorithm, key)) {
        Some(key) => Ok(key),
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
