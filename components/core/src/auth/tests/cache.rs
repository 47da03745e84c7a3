//! One verifier for all requests of an instance.

use super::*;
use std::sync::Arc;

static CACHE: VerifierCache = VerifierCache::new();

#[test]
fn equal_settings_have_one_verifier_and_others_another() {
    let all = [
        ("AUTH_MODE", "development"),
        ("JWT_PUBLIC_KEY", include_str!("keys/p256.pem")),
        ("JWT_ALGORITHM", "ES256"),
        ("JWT_ISSUER", "daarion"),
        ("JWT_AUDIENCE", "messaging"),
    ];
    let first = CACHE.get(settings(&all)).unwrap();
    assert!(Arc::ptr_eq(&first, &CACHE.get(settings(&all)).unwrap()));
    for (name, other) in [
        ("AUTH_MODE", "token"),
        ("JWT_ISSUER", "other"),
        ("JWT_ISSUER", ""),
        ("JWT_AUDIENCE", "other"),
        ("JWT_PUBLIC_KEY", ""),
    ] {
        let kept = CACHE.get(settings(&all)).unwrap();
        let changed = all.map(|(key, value)| (key, if key == name { other } else { value }));
        assert!(!Arc::ptr_eq(&kept, &CACHE.get(settings(&changed)).unwrap()), "{name}: {other:?}");
    }
    let changed = CACHE.get(settings(&[("AUTH_MODE", "token")])).unwrap();
    assert!(!changed.development());
    assert!(first.development());
}

#[test]
fn a_change_of_the_secret_counts_at_once() {
    let cache = VerifierCache::new();
    let other = SECRET.replace('0', "1");
    let token = hs256(&json!({"sub": "user:alice", "exp": now() + 60}), SECRET);
    assert!(cache.get(settings(&[("JWT_SECRET", SECRET)])).unwrap().verify_token(&token).is_ok());
    assert!(cache.get(settings(&[("JWT_SECRET", &other)])).unwrap().verify_token(&token).is_err());
    assert!(cache.get(settings(&[("JWT_SECRET", SECRET)])).unwrap().verify_token(&token).is_ok());
}

#[test]
fn an_error_is_not_kept() {
    let cache = VerifierCache::new();
    assert!(cache.get(settings(&[("JWT_SECRET", "short")])).is_err());
    let good = cache.get(settings(&[("JWT_SECRET", SECRET)])).unwrap();
    assert!(cache.get(settings(&[("JWT_SECRET", "short")])).is_err());
    assert!(Arc::ptr_eq(&good, &cache.get(settings(&[("JWT_SECRET", SECRET)])).unwrap()));
}
