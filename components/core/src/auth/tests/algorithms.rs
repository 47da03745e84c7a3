//! The four algorithms, with keys and tokens made by OpenSSL; the private keys are gone. Every token in `tokens/` says
//! that its bearer is `user:alice` of `microdao:daarion` until 2100.

use super::*;
use crate::ids::MicrodaoId;

const RSA: &str = include_str!("keys/rsa.pem");
/// The same key as [`RSA`] in the form of PKCS #1.
const RSA_PKCS1: &str = include_str!("keys/rsa_pkcs1.pem");
const P256: &str = include_str!("keys/p256.pem");
const P384: &str = include_str!("keys/p384.pem");
const ED25519: &str = include_str!("keys/ed25519.pem");

const RS256: &str = include_str!("tokens/rs256.jwt");
const RS384: &str = include_str!("tokens/rs384.jwt");
const PS256: &str = include_str!("tokens/ps256.jwt");
const ES256: &str = include_str!("tokens/es256.jwt");
const EDDSA: &str = include_str!("tokens/eddsa.jwt");

fn with_key(pem: &str, algorithm: &str) -> Verifier {
    verifier(&[("JWT_PUBLIC_KEY", pem), ("JWT_ALGORITHM", algorithm)]).unwrap()
}

fn accepts(verifier: &Verifier, token: &str) -> bool {
    verifier.verify_token(token.trim()).is_ok()
}

#[test]
fn each_kind_of_key_checks_tokens_of_its_algorithm_and_no_others() {
    let hs256 = hs256(&json!({"sub": "user:alice", "exp": now() + 60}), SECRET);
    let tokens = [&*hs256, RS256, ES256, EDDSA, RS384, PS256];
    let verifiers = [
        verifier(&[("JWT_SECRET", SECRET)]).unwrap(),
        with_key(RSA, "RS256"),
        with_key(P256, "ES256"),
        with_key(ED25519, "EdDSA"),
    ];
    for (i, verifier) in verifiers.iter().enumerate() {
        for (j, token) in tokens.iter().enumerate() {
            assert_eq!(accepts(verifier, token), i == j, "key {i}, token {j}");
        }
    }
}

#[test]
fn a_token_with_a_public_key_names_the_caller() {
    let known = with_key(ED25519, "EdDSA").verify_token(EDDSA.trim()).unwrap();
    assert_eq!(known.caller.id().as_str(), "user:alice");
    assert_eq!(*known.caller.microdaos(), MicroDaos::Only(vec![MicrodaoId::parse("microdao:daarion").unwrap()]));
    assert_eq!(known.expires_at, Some(4_102_444_830));
}

#[test]
fn the_algorithm_of_a_public_key_is_rs256_unless_set() {
    assert!(accepts(&verifier(&[("JWT_PUBLIC_KEY", RSA)]).unwrap(), RS256));
    assert!(accepts(&with_key(RSA_PKCS1, "RS256"), RS256));
}

#[test]
fn a_changed_token_is_refused() {
    for (pem, algorithm, token) in [(RSA, "RS256", RS256), (P256, "ES256", ES256), (ED25519, "EdDSA", EDDSA)] {
        let verifier = with_key(pem, algorithm);
        let (message, signature) = token.trim().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let with = |message: &str, signature: &[u8]| {
            accepts(&verifier, &format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
        };
        assert!(with(message, &signature), "{algorithm}");
        for position in 0..signature.len() {
            let mut changed = signature.clone();
            changed[position] ^= 1;
            assert!(!with(message, &changed), "{algorithm}, byte {position}");
        }
        assert!(!with(message, &[]), "{algorithm}");
        assert!(!with(message, &vec![0; signature.len()]), "{algorithm}");
        assert!(!with(message, &signature[1..]), "{algorithm}");
        assert!(!with(message, &[&signature[..], &[0]].concat()), "{algorithm}");
        let header = message.split('.').next().unwrap();
        let mallory = URL_SAFE_NO_PAD.encode(json!({"sub": "user:mallory", "exp": 4_102_444_800_u64}).to_string());
        assert!(!with(&format!("{header}.{mallory}"), &signature), "{algorithm}");
    }
}

#[test]
fn a_token_cannot_choose_its_algorithm_or_its_key() {
    let claims = json!({"sub": "user:mallory", "exp": now() + 60});
    let verifiers = [
        verifier(&[("JWT_SECRET", SECRET)]).unwrap(),
        with_key(RSA, "RS256"),
        with_key(P256, "ES256"),
        with_key(ED25519, "EdDSA"),
    ];
    for (i, verifier) in verifiers.iter().enumerate() {
        for alg in ["none", "None", "", "HS512", "RS512", "ES384", "ES512", "EdDSA", "RS256"] {
            let message = unsigned(&json!({"alg": alg}), &claims);
            assert!(!accepts(verifier, &format!("{message}.")), "key {i}, {alg}");
            // The header names another algorithm than the one that signed.
            assert!(!accepts(verifier, &sign(&json!({"alg": alg}), &claims, SECRET)), "key {i}, {alg}");
        }
        // A public key is known to everybody, so it must never serve as an HMAC key.
        for pem in [RSA, RSA_PKCS1, P256, ED25519, RSA.trim(), P256.trim(), ED25519.trim()] {
            assert!(!accepts(verifier, &hs256(&claims, pem)), "key {i}");
        }
        let key = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode("chosen by mallory, 32 bytes long")});
        let own_key = json!({"alg": "HS256", "jwk": key, "kid": "mine", "jku": "https://mallory.example/keys"});
        assert!(!accepts(verifier, &sign(&own_key, &claims, "chosen by mallory, 32 bytes long")), "key {i}");
    }
}

#[test]
fn an_ed25519_key_for_which_anybody_can_sign_is_of_no_use() {
    // The neutral element: a signature of that point and zero fits every message, unless checked strictly.
    let mut point = [0_u8; 32];
    point[0] = 1;
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\
               -----END PUBLIC KEY-----\n";
    let signature = URL_SAFE_NO_PAD.encode([point, [0; 32]].concat());
    let message = unsigned(&json!({"alg": "EdDSA"}), &json!({"sub": "user:mallory", "exp": now() + 60}));
    assert!(!accepts(&with_key(pem, "EdDSA"), &format!("{message}.{signature}")));
}

#[test]
fn a_pem_text_may_have_any_line_ends_and_text_around_it() {
    let key = ED25519.trim();
    for pem in [
        key.to_owned(),
        key.replace('\n', "\r\n"),
        format!("\n\n{key}\n\n"),
        format!("The platform's key:\n{key}\nKeep it."),
    ] {
        assert!(accepts(&with_key(&pem, "EdDSA"), EDDSA), "{pem:?}");
    }
}

#[test]
fn settings_that_make_no_key_are_an_error_for_the_operator() {
    let of_kind = |tag: &str| format!("-----BEGIN {tag}-----\nMCowBQYDK2VwAyEA\n-----END {tag}-----\n");
    let cases: [&[(&str, &str)]; 13] = [
        &[("JWT_SECRET", "short")],
        &[("JWT_SECRET", SECRET), ("JWT_PUBLIC_KEY", RSA)],
        &[("JWT_PUBLIC_KEY", "nonsense")],
        &[("JWT_PUBLIC_KEY", RSA), ("JWT_ALGORITHM", "HS256")],
        &[("JWT_PUBLIC_KEY", RSA), ("JWT_ALGORITHM", "rs256")],
        &[("JWT_PUBLIC_KEY", RSA), ("JWT_ALGORITHM", "ES256")],
        &[("JWT_PUBLIC_KEY", RSA), ("JWT_ALGORITHM", "EdDSA")],
        &[("JWT_PUBLIC_KEY", RSA_PKCS1), ("JWT_ALGORITHM", "ES256")],
        &[("JWT_PUBLIC_KEY", P384), ("JWT_ALGORITHM", "ES256")],
        &[("JWT_PUBLIC_KEY", P256)],
        &[("JWT_PUBLIC_KEY", &of_kind("PUBLIC KEY")), ("JWT_ALGORITHM", "EdDSA")],
        &[("JWT_PUBLIC_KEY", &of_kind("RSA PRIVATE KEY"))],
        &[("JWT_PUBLIC_KEY", &of_kind("CERTIFICATE"))],
    ];
    for case in cases {
        assert!(verifier(case).is_err(), "{case:?}");
    }
    let error = verifier(&[("JWT_PUBLIC_KEY", &of_kind("CERTIFICATE"))]).err().unwrap();
    assert_eq!(error, "JWT_PUBLIC_KEY is a PEM CERTIFICATE, not a public key for RS256");
}
