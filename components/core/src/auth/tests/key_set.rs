//! Keys that an issuer publishes, inline and by address.

use super::*;
use ed25519_dalek::VerifyingKey;
use p256::elliptic_curve::sec1::ToSec1Point;
use rsa::pkcs8::DecodePublicKey;
use rsa::traits::PublicKeyParts;
use std::time::{Duration, Instant};

const RS256: &str = include_str!("tokens/rs256.jwt");
const ES256: &str = include_str!("tokens/es256.jwt");
const EDDSA: &str = include_str!("tokens/eddsa.jwt");
const URL: &str = "https://auth.example/keys";

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn rsa_key() -> Value {
    let key = rsa::PublicKey::from_public_key_pem(include_str!("keys/rsa.pem")).unwrap();
    json!({"kty": "RSA", "n": encode(key.n_bytes()), "e": encode(key.e_bytes())})
}

fn p256_key() -> Value {
    let key = p256::PublicKey::from_public_key_pem(include_str!("keys/p256.pem")).unwrap();
    let point = key.to_sec1_point(false);
    json!({"kty": "EC", "crv": "P-256", "x": encode(point.x().unwrap()), "y": encode(point.y().unwrap())})
}

fn ed25519_key() -> Value {
    let key = VerifyingKey::from_public_key_pem(include_str!("keys/ed25519.pem")).unwrap();
    json!({"kty": "OKP", "crv": "Ed25519", "x": encode(key.as_bytes())})
}

fn with(mut key: Value, members: Value) -> Value {
    key.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    key
}

fn inline(keys: &[Value], algorithm: &str) -> Result<Verifier, String> {
    verifier(&[("JWT_PUBLIC_KEY", &json!({"keys": keys}).to_string()), ("JWT_ALGORITHM", algorithm)])
}

fn accepts(verifier: &Verifier, token: &str) -> bool {
    verifier.verify_token(token.trim()).is_ok()
}

/// The token with another header; its signature fits no more, but the key id is read before that.
fn with_key_id(token: &str, id: &str) -> String {
    let (_, rest) = token.trim().split_once('.').unwrap();
    format!("{}.{rest}", encode(json!({"alg": "RS256", "kid": id}).to_string()))
}

#[test]
fn a_set_checks_tokens_of_the_algorithm_that_is_set_and_no_others() {
    let all = [rsa_key(), p256_key(), ed25519_key()];
    for (algorithm, good) in [("RS256", RS256), ("ES256", ES256), ("EdDSA", EDDSA)] {
        let verifier = inline(&all, algorithm).unwrap();
        for token in [RS256, ES256, EDDSA] {
            assert_eq!(accepts(&verifier, token), token == good, "{algorithm}");
        }
    }
}

#[test]
fn keys_that_cannot_be_used_do_not_hide_those_that_can() {
    let good =
        with(rsa_key(), json!({"kid": "now", "alg": "RS256", "use": "sig", "x5c": ["…"], "key_ops": ["verify"]}));
    let odd = [
        json!(1),
        json!({"kty": 7}),
        json!({"kty": "RSA"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "RSA", "n": "not base64!", "e": "AQAB"}),
        json!({"kty": "oct", "k": encode(SECRET)}),
        json!({"kty": "PQC", "pub": "…"}),
    ];
    assert!(accepts(&inline(&[&odd[..], &[good]].concat(), "RS256").unwrap(), RS256));
    for key in odd {
        assert!(inline(std::slice::from_ref(&key), "RS256").is_err(), "{key}");
    }
}

#[test]
fn a_key_for_another_purpose_checks_nothing() {
    for members in [json!({"use": "enc"}), json!({"alg": "RS512"}), json!({"alg": "RSA-OAEP"}), json!({"alg": "HS256"})]
    {
        assert!(inline(&[with(rsa_key(), members.clone())], "RS256").is_err(), "{members}");
    }
    // A shared secret in a published set would be everybody's.
    let secret = json!({"kty": "oct", "k": encode(SECRET), "alg": "HS256"});
    let verifier = inline(&[secret, rsa_key()], "RS256").unwrap();
    assert!(!accepts(&verifier, &hs256(&json!({"sub": "user:mallory", "exp": now() + 60}), SECRET)));
}

#[test]
fn a_token_that_names_a_key_is_checked_with_that_one_alone() {
    let other = with(rsa_key(), json!({"kid": "other"}));
    // The token names none: each is tried.
    assert!(accepts(&inline(&[other.clone(), p256_key()], "RS256").unwrap(), RS256));
    let verifier = inline(&[other], "RS256").unwrap();
    let named = verifier.verify_token(&with_key_id(RS256, "this")).unwrap_err();
    assert_eq!(named.status, http::StatusCode::UNAUTHORIZED);
}

#[test]
fn nobody_gets_in_before_the_keys_are_known_and_the_answer_says_to_try_again() {
    let verifier = verifier(&[("JWT_JWKS_URL", URL)]).unwrap();
    let problem = verifier.verify_token(RS256.trim()).unwrap_err();
    assert_eq!((problem.status, problem.retry_after), (http::StatusCode::SERVICE_UNAVAILABLE, Some(1)));
    verifier.put_keys(json!({"keys": [rsa_key()]}).to_string().as_bytes(), Instant::now()).unwrap();
    assert!(accepts(&verifier, RS256));
    assert!(!accepts(&verifier, ES256));
}

#[test]
fn keys_are_fetched_at_first_then_every_ten_minutes_and_for_an_unknown_id_every_half_minute() {
    let verifier = verifier(&[("JWT_JWKS_URL", URL)]).unwrap();
    let document = json!({"keys": [with(rsa_key(), json!({"kid": "now"}))]}).to_string();
    let start = Instant::now();
    let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
    let (known, unknown) = (with_key_id(RS256, "now"), with_key_id(RS256, "made-up"));
    let due = |token: &str, seconds: f64| verifier.keys_due(token, at(seconds)).is_some();

    assert_eq!(verifier.keys_due(&known, at(0.0)), Some(URL));
    assert!(due(&known, 0.0), "everybody who comes at once fetches: nobody could be let in otherwise");
    assert!(!due("no token", 0.0));
    verifier.keys_failed(at(0.1));
    assert!(!due(&known, 0.5));
    assert!(due(&known, 1.2));

    verifier.put_keys(document.as_bytes(), at(2.0)).unwrap();
    assert!(!due(&known, 3.0) && !due(&unknown, 3.0));
    assert!(due(&unknown, 40.0));
    assert!(!due(&unknown, 60.0), "anybody can make up a key id");
    assert!(due(&unknown, 71.0));
    assert!(!due(&known, 90.0));

    assert!(due(&known, 700.0));
    assert!(!due(&known, 701.0), "one of those who ask fetches, the others go on with what there is");
    verifier.keys_failed(at(703.0));
    assert!(!due(&known, 720.0));
    assert!(due(&known, 734.0));
    verifier.put_keys(document.as_bytes(), at(735.0)).unwrap();
    assert!(!due(&known, 1200.0));
}

#[test]
fn keys_of_an_issuer_that_is_gone_are_used_for_an_hour() {
    let verifier = verifier(&[("JWT_JWKS_URL", URL)]).unwrap();
    let Some(two_hours_ago) = Instant::now().checked_sub(Duration::from_secs(7200)) else { return };
    let document = json!({"keys": [rsa_key()]}).to_string();
    verifier.put_keys(document.as_bytes(), two_hours_ago + Duration::from_secs(3700)).unwrap();
    assert!(accepts(&verifier, RS256));
    verifier.put_keys(document.as_bytes(), two_hours_ago).unwrap();
    assert_eq!(verifier.verify_token(RS256.trim()).unwrap_err().status, http::StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn what_is_no_set_of_keys_leaves_those_that_there_are() {
    let verifier = verifier(&[("JWT_JWKS_URL", URL)]).unwrap();
    verifier.put_keys(json!({"keys": [rsa_key()]}).to_string().as_bytes(), Instant::now()).unwrap();
    let large = format!(r#"{{"keys": [], "x": "{}"}}"#, "x".repeat(256 * 1024));
    let foreign = json!({"keys": [p256_key()]}).to_string();
    for document in ["", "<html>", "[]", "{}", r#"{"keys": {}}"#, r#"{"keys": []}"#, &large, &foreign] {
        assert!(verifier.put_keys(document.as_bytes(), Instant::now()).is_err());
        assert!(accepts(&verifier, RS256));
    }
}

#[test]
fn settings_that_name_no_address_are_an_error_for_the_operator() {
    for url in ["auth.example/keys", "ftp://auth.example", "https://", "https:///keys", "https://auth example"] {
        assert!(verifier(&[("JWT_JWKS_URL", url)]).is_err(), "{url}");
    }
    assert!(verifier(&[("JWT_JWKS_URL", URL), ("JWT_SECRET", SECRET)]).is_err());
    assert!(verifier(&[("JWT_JWKS_URL", URL), ("JWT_PUBLIC_KEY", include_str!("keys/rsa.pem"))]).is_err());
    assert!(verifier(&[("JWT_JWKS_URL", URL)]).unwrap().warnings().iter().all(|text| !text.contains("https")));
    let plain = verifier(&[("JWT_JWKS_URL", "http://auth.internal/keys")]).unwrap();
    assert!(plain.warnings().iter().any(|text| text.contains("https")));
}
