//! What a token's claims and header have to be, and when a name alone counts.

use super::*;
use crate::ids::MicrodaoId;

#[test]
fn with_no_settings_nobody_gets_in() {
    let verifier = verifier(&[]).unwrap();
    let claims = json!({"sub": "user:alice", "exp": now() + 60});
    assert!(verifier.verify_token(&hs256(&claims, SECRET)).is_err());
    assert!(verifier.authenticate(None, Some("user:alice")).is_err());
    assert!(verifier.authenticate(None, None).is_err());
}

#[test]
fn a_signed_token_names_the_caller_and_their_microdaos() {
    let verifier = verifier(&[("JWT_SECRET", SECRET)]).unwrap();
    let exp = now() + 60;
    let claims = json!({"sub": "user:alice", "exp": exp, "microdaos": ["microdao:daarion"]});
    let known = verifier.authenticate(Some(&format!("bearer {}", hs256(&claims, SECRET))), None).unwrap();
    assert_eq!(known.caller.id().as_str(), "user:alice");
    // It is accepted for as long as clocks may differ.
    assert_eq!(known.expires_at, Some(exp + 30));
    assert_eq!(*known.caller.microdaos(), MicroDaos::Only(vec![MicrodaoId::parse("microdao:daarion").unwrap()]));
}

#[test]
fn forged_expired_and_foreign_tokens_are_refused() {
    let verifier =
        verifier(&[("JWT_SECRET", SECRET), ("JWT_AUDIENCE", "messaging"), ("JWT_ISSUER", "daarion")]).unwrap();
    let now = now();
    let good = json!({"sub": "user:alice", "exp": now + 60, "aud": "messaging", "iss": "daarion"});
    assert!(verifier.verify_token(&hs256(&good, SECRET)).is_ok());
    assert!(verifier.verify_token(&hs256(&good, &SECRET.replace('0', "1"))).is_err());
    for (field, value) in [
        ("exp", json!(now - 120)),
        ("exp", json!(null)),
        ("exp", json!("9999999999")),
        ("aud", json!("other")),
        ("aud", json!(["other"])),
        ("aud", json!(null)),
        ("iss", json!("other")),
        ("iss", json!(null)),
        ("sub", json!("@bob:server")),
        ("sub", json!("user:Bob")),
        ("sub", json!(null)),
        ("nbf", json!(now + 600)),
        ("microdaos", json!(["Daarion"])),
    ] {
        let mut claims = good.clone();
        claims[field] = value.clone();
        assert!(verifier.verify_token(&hs256(&claims, SECRET)).is_err(), "{field}: {value}");
    }
    let mut several = good;
    several["aud"] = json!(["other", "messaging"]);
    assert!(verifier.verify_token(&hs256(&several, SECRET)).is_ok());
}

#[test]
fn clocks_may_differ_by_thirty_seconds() {
    let verifier = verifier(&[("JWT_SECRET", SECRET)]).unwrap();
    let known = |claims: &Value| verifier.verify_token(&hs256(claims, SECRET));
    let now = now();
    assert!(known(&json!({"sub": "user:alice", "exp": now - 20})).is_ok());
    let expired = known(&json!({"sub": "user:alice", "exp": now - 40})).unwrap_err();
    assert_eq!(expired.detail, "The token has expired. Get a new one.");
    assert!(known(&json!({"sub": "user:alice", "exp": now + 600, "nbf": now + 20})).is_ok());
    assert!(known(&json!({"sub": "user:alice", "exp": now + 600, "nbf": now + 60})).is_err());
}

#[test]
fn times_may_have_a_fraction() {
    let verifier = verifier(&[("JWT_SECRET", SECRET)]).unwrap();
    let known = |claims: &Value| verifier.verify_token(&hs256(claims, SECRET));
    let now = now();
    let fraction = |seconds: u64| json!(seconds as f64 + 0.75);
    let good = json!({"sub": "user:alice", "exp": fraction(now + 60), "nbf": fraction(now - 60), "iat": fraction(now)});
    assert_eq!(known(&good).unwrap().expires_at, Some(now + 60 + 30), "with the clocks' difference");
    assert!(known(&json!({"sub": "user:alice", "exp": fraction(now - 60)})).is_err());
    assert!(known(&json!({"sub": "user:alice", "exp": now + 600, "nbf": fraction(now + 60)})).is_err());
    for odd in [json!(-1), json!(-1.5), json!(1e300), json!("1e12"), json!([now + 60])] {
        assert!(known(&json!({"sub": "user:alice", "exp": odd.clone()})).is_err(), "{odd}");
    }
}

#[test]
fn settings_that_take_the_tokens_of_others_are_warned_of() {
    let warnings = |settings: &[(&str, &str)]| verifier(settings).unwrap().warnings().join("\n");
    let key = ("JWT_SECRET", SECRET);
    assert_eq!(warnings(&[]), "");
    assert_eq!(warnings(&[key, ("JWT_AUDIENCE", "messaging"), ("JWT_ISSUER", "daarion")]), "");
    let without = warnings(&[key]);
    assert!(without.contains("JWT_AUDIENCE") && without.contains("JWT_ISSUER"));
    assert!(warnings(&[("AUTH_MODE", "development")]).contains("AUTH_MODE"));
}

#[test]
fn a_token_whose_issuer_demands_an_extension_is_refused() {
    let verifier = verifier(&[("JWT_SECRET", SECRET)]).unwrap();
    let claims = json!({"sub": "user:alice", "exp": now() + 60});
    for (crit, accepted) in [(None, true), (Some(json!(["b64"])), false), (Some(json!([])), false)] {
        let mut header = json!({"alg": "HS256", "b64": true});
        if let Some(crit) = &crit {
            header["crit"] = crit.clone();
        }
        assert_eq!(verifier.verify_token(&sign(&header, &claims, SECRET)).is_ok(), accepted, "{crit:?}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let verifier = verifier(&[("JWT_SECRET", SECRET)]).unwrap();
    let token = hs256(&json!({"sub": "user:alice", "exp": now() + 60}), SECRET);
    assert!(verifier.verify_token(&token).is_ok());
    for text in ["", ".", "..", "...", "a.b", "a.b.c", "é.é.é", &format!("{token}."), &format!("{token}=")] {
        assert!(verifier.verify_token(text).is_err(), "{text:?}");
    }
    for length in 0..token.len() {
        assert!(verifier.verify_token(token.get(..length).unwrap()).is_err(), "{length}");
    }
}

#[test]
fn a_name_alone_counts_only_in_development() {
    let development = verifier(&[("AUTH_MODE", "development")]).unwrap();
    let alice = development.authenticate(None, Some("user:alice")).unwrap();
    assert_eq!(*alice.caller.microdaos(), MicroDaos::Every);
    assert_eq!(alice.expires_at, None);
    assert!(development.authenticate(None, Some("@bob:server")).is_err());
    assert!(development.authenticate(Some("Bearer nonsense"), Some("user:alice")).is_err());
    assert!(verifier(&[("AUTH_MODE", "dev")]).is_err());
    assert!(verifier(&[("AUTH_MODE", "token")]).unwrap().development_caller("user:alice").is_err());
}

#[test]
fn the_scheme_of_a_bearer_token_may_be_written_in_any_case() {
    assert_eq!(bearer("Bearer a.b.c"), Some("a.b.c"));
    assert_eq!(bearer("bEARER  a.b.c "), Some("a.b.c"));
    for text in ["", "Bearer", "Bearer ", "Basic a.b.c", "a.b.c"] {
        assert_eq!(bearer(text), None, "{text:?}");
    }
}
