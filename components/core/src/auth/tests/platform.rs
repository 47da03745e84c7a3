//! The platform's own access tokens, and the change of a secret.

use super::*;
use crate::ids::MicrodaoId;

fn platform() -> Verifier {
    verifier(&[("JWT_SECRET", SECRET), ("JWT_ISSUER", "daarion-auth")]).unwrap()
}

fn claims(members: Value) -> Value {
    let mut claims = json!({"iss": "daarion-auth", "type": "access", "sub": "alice", "exp": now() + 60, "iat": now(),
        "jti": "1", "roles": ["admin"], "email": "alice@example.org"});
    claims.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    claims
}

#[test]
fn a_bare_sub_is_a_user() {
    for (sub, id) in [
        ("alice", "user:alice"),
        ("user:alice", "user:alice"),
        ("agent:sofia", "agent:sofia"),
        ("6f1c7a3e-5d5e-4d0b-9c34-000000000001", "user:6f1c7a3e-5d5e-4d0b-9c34-000000000001"),
    ] {
        let known = platform().verify_token(&hs256(&claims(json!({"sub": sub})), SECRET)).unwrap();
        assert_eq!(known.caller.id().as_str(), id);
        assert_eq!(*known.caller.microdaos(), MicroDaos::Only(Vec::new()));
    }
    for sub in ["", "Alice", "a b", "service:internal", "user:", ":alice", "@bob:server", "user:user:a"] {
        assert!(platform().verify_token(&hs256(&claims(json!({"sub": sub})), SECRET)).is_err(), "{sub}");
    }
}

#[test]
fn only_access_tokens_open_anything() {
    for kind in [json!("refresh"), json!(""), json!("Access"), json!(null), json!(1), json!(["access"])] {
        let refused = platform().verify_token(&hs256(&claims(json!({"type": kind.clone()})), SECRET));
        // A null is a claim that is not there.
        assert_eq!(refused.is_err(), !kind.is_null(), "{kind}");
    }
}

#[test]
fn the_claim_with_the_microdaos_has_the_name_that_is_set() {
    let verifier = verifier(&[("JWT_SECRET", SECRET), ("JWT_MICRODAOS_CLAIM", "memberships")]).unwrap();
    let daarion = MicroDaos::Only(vec![MicrodaoId::parse("microdao:daarion").unwrap()]);
    let of = |members: Value| verifier.verify_token(&hs256(&claims(members), SECRET)).map(|known| known.caller);
    assert_eq!(*of(json!({"memberships": ["microdao:daarion"]})).unwrap().microdaos(), daarion);
    for none in [json!({}), json!({"memberships": null}), json!({"microdaos": ["microdao:daarion"]})] {
        assert_eq!(*of(none).unwrap().microdaos(), MicroDaos::Only(Vec::new()));
    }
    for wrong in [json!("microdao:daarion"), json!({}), json!([1]), json!([null]), json!(["Daarion"])] {
        assert!(of(json!({"memberships": wrong.clone()})).is_err(), "{wrong}");
    }
    for taken in ["sub", "exp", "aud", "type"] {
        assert!(super::verifier(&[("JWT_SECRET", SECRET), ("JWT_MICRODAOS_CLAIM", taken)]).is_err(), "{taken}");
    }
}

#[test]
fn while_the_secret_is_changed_tokens_of_both_are_taken() {
    let old = SECRET.replace('0', "1");
    let both = format!("{SECRET} {old}");
    let verifier = verifier(&[("JWT_SECRET", &both)]).unwrap();
    let token = |secret: &str| hs256(&json!({"sub": "user:alice", "exp": now() + 60}), secret);
    assert!(verifier.verify_token(&token(SECRET)).is_ok());
    assert!(verifier.verify_token(&token(&old)).is_ok());
    assert!(verifier.verify_token(&token(&both)).is_err());
    assert!(verifier.verify_token(&token(&SECRET.replace('0', "2"))).is_err());
    let expired = hs256(&json!({"sub": "user:alice", "exp": now() - 90}), &old);
    assert_eq!(verifier.verify_token(&expired).unwrap_err().detail, "The token has expired. Get a new one.");
    for secrets in [format!("{SECRET} short"), format!("{both} {both}")] {
        assert!(super::verifier(&[("JWT_SECRET", &secrets)]).is_err(), "{secrets}");
    }
}
