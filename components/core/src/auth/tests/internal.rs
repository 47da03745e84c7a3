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

fn check(given: Option<&str>, secrets: &str) -> Result<Internal, crate::problem::Problem> {
    Internal::check(given, &InternalSettings { secrets: secrets.to_owned(), ..InternalSettings::default() })
}

#[test]
fn only_the_secret_proves_a_service() {
    assert!(check(Some(SECRET), SECRET).is_ok());
    for (given, secrets) in [
        (None, SECRET),
        (Some(""), SECRET),
        (Some("other"), SECRET),
        (Some(""), ""),
        (Some(SECRET), ""),
        (None, ""),
        (Some(""), " "),
        (Some(" "), " "),
    ] {
        let problem = check(given, secrets).unwrap_err();
        assert_eq!(problem.status, http::StatusCode::UNAUTHORIZED);
        assert_eq!(problem.detail, "Send X-Internal-Service-Token: <INTERNAL_SECRET>.");
    }
}

#[test]
fn while_the_secret_is_changed_the_old_one_and_the_new_one_are_valid() {
    let (new, old) = (SECRET, SECRET.replace('0', "1"));
    let both = format!("{new} {old}");
    for given in [new, &old] {
        assert!(check(Some(given), &both).is_ok(), "{given}");
        assert!(check(Some(given), &format!(" {new}\n{old} ")).is_ok(), "{given}");
    }
    for given in [&*both, &new[1..], "", " "] {
        assert_eq!(check(Some(given), &both).unwrap_err().status, http::StatusCode::UNAUTHORIZED, "{given}");
    }
    // Several words are no several secrets.
    let three = format!("{both} {old}");
    for (given, secrets) in [("correct", "correct horse battery staple"), ("new", "new old"), (new, &*three)] {
        assert!(check(Some(given), secrets).is_err(), "{given}");
    }
}

#[test]
fn a_service_acts_for_agents_and_for_itself_alone() {
    let internal = check(Some(SECRET), SECRET).unwrap();
    let sofia = internal.agent("agent:sofia").unwrap();
    assert_eq!(sofia.id().as_str(), "agent:sofia");
    assert_eq!(*sofia.microdaos(), MicroDaos::Only(Vec::new()));
    for id in ["user:alice", "sofia", "agent:", "agent:Sofia", "@agent_sofia:server", "service:internal", ""] {
        assert_eq!(internal.agent(id).unwrap_err().status, http::StatusCode::NOT_FOUND, "{id}");
    }
    assert_eq!(*internal.service().id(), EntityId::internal_service());
    assert_eq!(*internal.service().microdaos(), MicroDaos::Only(Vec::new()));
}

#[test]
fn a_list_of_agents_is_all_that_a_service_may_act_for() {
    let with = |agents: &str| {
        Internal::check(Some(SECRET), &InternalSettings { secrets: SECRET.to_owned(), agents: agents.to_owned() })
    };
    let internal = with("agent:sofia, agent:ben,").unwrap();
    assert!(internal.agent("agent:sofia").is_ok() && internal.agent("agent:ben").is_ok());
    assert_eq!(internal.agent("agent:eve").unwrap_err().code, "agent_not_allowed");
    assert_eq!(internal.agent("user:sofia").unwrap_err().status, http::StatusCode::NOT_FOUND);
    // A list that cannot be read opens nothing.
    assert!(with("sofia").is_err());
    assert!(with("agent:Sofia").is_err());
    assert!(with(" , ").unwrap().agent("agent:sofia").is_err());
}
