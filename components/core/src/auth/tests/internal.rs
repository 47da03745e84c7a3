//! Services of the platform.

use super::*;
use crate::ids::EntityId;

#[test]
fn an_unset_secret_matches_nothing() {
    assert!(!secrets_match("", ""));
    assert!(!secrets_match("a", ""));
    assert!(secrets_match("abc", "abc"));
    assert!(!secrets_match("abd", "abc"));
    assert!(!secrets_match("ab", "abc"));
    assert!(!secrets_match("abcd", "abc"));
}

#[test]
fn only_the_secret_proves_a_service() {
    assert!(Internal::check(Some(SECRET), SECRET).is_ok());
    for (given, expected) in
        [(None, SECRET), (Some(""), SECRET), (Some("other"), SECRET), (Some(""), ""), (Some(SECRET), ""), (None, "")]
    {
        let problem = Internal::check(given, expected).unwrap_err();
        assert_eq!(problem.status, http::StatusCode::UNAUTHORIZED);
        assert_eq!(problem.detail, "Send X-Internal-Service-Token: <INTERNAL_SECRET>.");
    }
}

#[test]
fn a_service_acts_for_agents_and_for_itself_alone() {
    let internal = Internal::check(Some(SECRET), SECRET).unwrap();
    let sofia = internal.agent("agent:sofia").unwrap();
    assert_eq!(sofia.id().as_str(), "agent:sofia");
    assert_eq!(*sofia.microdaos(), MicroDaos::Only(Vec::new()));
    for id in ["user:alice", "sofia", "agent:", "agent:Sofia", "@agent_sofia:server", "service:internal", ""] {
        assert_eq!(internal.agent(id).unwrap_err().status, http::StatusCode::NOT_FOUND, "{id}");
    }
    assert_eq!(*internal.service().id(), EntityId::internal_service());
    assert_eq!(*internal.service().microdaos(), MicroDaos::Only(Vec::new()));
}
