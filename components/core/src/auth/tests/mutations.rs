//! No change of a token, a header or a key lets anybody in, and nothing that is sent in their place makes it panic.

use super::*;
use proptest::prelude::*;
use std::time::Instant;

const RS256: &str = include_str!("tokens/rs256.jwt");
const ES256: &str = include_str!("tokens/es256.jwt");
const EDDSA: &str = include_str!("tokens/eddsa.jwt");

/// Each algorithm's verifier and a token that it takes.
fn pairs() -> Vec<(Verifier, String)> {
    let pem = |key: &str, algorithm: &str| verifier(&[("JWT_PUBLIC_KEY", key), ("JWT_ALGORITHM", algorithm)]).unwrap();
    let claims = json!({"sub": "user:alice", "exp": now() + 3600, "microdaos": ["microdao:daarion"]});
    vec![
        (verifier(&[("JWT_SECRET", SECRET)]).unwrap(), hs256(&claims, SECRET)),
        (pem(include_str!("keys/rsa.pem"), "RS256"), RS256.trim().to_owned()),
        (pem(include_str!("keys/p256.pem"), "ES256"), ES256.trim().to_owned()),
        (pem(include_str!("keys/ed25519.pem"), "EdDSA"), EDDSA.trim().to_owned()),
    ]
}

/// Any JSON, not deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[A-Za-z0-9_-]{0,90}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{0,6}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn the_tokens_are_good_as_they_are() {
    for (verifier, token) in pairs() {
        assert!(verifier.verify_token(&token).is_ok());
    }
}

#[test]
fn no_letter_of_a_token_can_be_another_one() {
    for (verifier, token) in pairs() {
        for at in 0..token.len() {
            for other in ['A', 'B', 'Q', 'w', '_', '-', '.', '=', '~'] {
                let mut letters: Vec<char> = token.chars().collect();
                if letters[at] != other {
                    letters[at] = other;
                    let changed: String = letters.into_iter().collect();
                    assert!(verifier.verify_token(&changed).is_err(), "{at}: {other}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_token_cut_joined_or_mixed_up_opens_nothing(from in any::<prop::sample::Index>(), part in ".{0,40}", which in 0usize..4) {
        let (verifier, token) = pairs().swap_remove(which);
        let at = from.index(token.len());
        prop_assert!(verifier.verify_token(&token[..at]).is_err());
        prop_assert!(verifier.verify_token(&token[at.max(1)..]).is_err());
        if !part.is_empty() {
            let joined = [&token[..at], &part, &token[at..]].concat();
            prop_assert!(verifier.verify_token(&joined).is_err());
        }
    }

    #[test]
    fn what_is_no_token_opens_nothing(text in ".*", header in any_json(), claims in any_json()) {
        for (verifier, _) in pairs() {
            prop_assert!(verifier.verify_token(&text).is_err());
            let without_signature = unsigned(&header, &claims) + ".";
            prop_assert!(verifier.verify_token(&without_signature).is_err());
            let _ = verifier.authenticate(Some(&text), Some(&text));
        }
    }

    #[test]
    fn a_signed_token_says_who_it_is_or_opens_nothing(
        name in "(sub|exp|nbf|iss|aud|type|microdaos|roles|iat)", value in any_json(), header in any_json(),
    ) {
        let verifier = verifier(&[("JWT_SECRET", SECRET)]).unwrap();
        let mut claims = json!({"sub": "user:alice", "exp": now() + 3600});
        claims[&name] = value.clone();
        if let Ok(known) = verifier.verify_token(&hs256(&claims, SECRET)) {
            prop_assert!(name == "sub" || known.caller.id().as_str() == "user:alice");
            prop_assert!(known.expires_at.is_some_and(|end| end > now()));
        }
        // A header that is signed as well is still only a wish.
        let wish = sign(&header, &json!({"sub": "user:alice"}), SECRET);
        prop_assert!(verifier.verify_token(&wish).is_err());
    }

    #[test]
    fn any_key_set_is_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), members in any_json(), key in any_json(),
        name in "(kty|crv|n|e|x|y|use|alg|kid)", value in any_json(),
    ) {
        let mut jwk = json!({"kty": "RSA", "crv": "P-256", "n": "AQAB", "e": "AQAB", "x": "AQ", "y": "AQ"});
        jwk[&name] = value;
        let sets = [members.to_string(), json!({"keys": key}).to_string(), json!({"keys": [key, jwk]}).to_string()];
        for (algorithm, token) in [("RS256", RS256), ("ES256", ES256), ("EdDSA", EDDSA)] {
            let settings = [("JWT_JWKS_URL", "https://auth.example/keys"), ("JWT_ALGORITHM", algorithm)];
            let verifier = verifier(&settings).unwrap();
            let _ = verifier.put_keys(&bytes, Instant::now());
            for set in &sets {
                let _ = verifier.put_keys(set.as_bytes(), Instant::now());
            }
            prop_assert!(verifier.verify_token(token.trim()).is_err(), "none of them is its key");
        }
    }
}
