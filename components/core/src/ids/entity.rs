//! Who takes part.

use super::InvalidId;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A Matrix user id is at most this many bytes (Matrix specification, appendix "User Identifiers").
const MAX_MATRIX_USER_ID: usize = 255;

/// What stands behind an [`EntityId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityKind {
    /// `user:<id>`: a person with a DAARION account.
    User,
    /// `agent:<id>`: an AI agent.
    Agent,
    /// `@name:server`: a person who exists only in Matrix.
    MatrixPerson,
}

/// Who takes part: `user:<id>`, `agent:<id>`, or the Matrix id of a person who exists only in Matrix.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend(
    "pattern" = r"^((user|agent):[a-z0-9._-]{1,64}|@[^:\x00]*:\S+)$",
    "examples" = ["user:alice", "agent:sofia", "@bob:matrix.org"]
)))]
#[serde(transparent)]
pub struct EntityId(String);

impl EntityId {
    /// Reads any of the three forms.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        if text.starts_with('@') {
            return parse_matrix_user_id(text).map(|_| Self(text.to_owned()));
        }
        Self::parse_own(text)
    }

    /// Reads any of the three forms; the Matrix id of one of ours on `server_name` is that one.
    pub fn parse_on(text: &str, server_name: &str) -> Result<Self, InvalidId> {
        if text.starts_with('@') { Self::from_matrix_user_id(text, server_name) } else { Self::parse_own(text) }
    }

    /// Reads `user:<id>` or `agent:<id>`, the two forms that can authenticate.
    pub fn parse_own(text: &str) -> Result<Self, InvalidId> {
        let id = text.strip_prefix("user:").or_else(|| text.strip_prefix("agent:"));
        match id {
            Some(id) if is_local_id(id) => Ok(Self(text.to_owned())),
            _ => Err(InvalidId("must be user:<id> or agent:<id>, where id is 1 to 64 of a-z, 0-9, '.', '_' and '-'")),
        }
    }

    /// A service of the platform that holds `INTERNAL_SECRET` and names no agent. It may read every channel;
    /// no text that a caller sends reads as this id.
    pub fn internal_service() -> Self {
        Self("service:internal".to_owned())
    }

    /// Who acts behind a Matrix user id: one of ours when the id is in the appservice's namespaces of
    /// `server_name`, else the person in Matrix.
    pub fn from_matrix_user_id(matrix_user_id: &str, server_name: &str) -> Result<Self, InvalidId> {
        let (localpart, server) = parse_matrix_user_id(matrix_user_id)?;
        if server == server_name {
            for prefix in ["user", "agent"] {
                let id = localpart.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
                if let Some(id) = id.filter(|id| is_local_id(id)) {
                    return Ok(Self(format!("{prefix}:{id}")));
                }
            }
        }
        Ok(Self(matrix_user_id.to_owned()))
    }

    /// The Matrix user id under which this entity acts.
    pub fn matrix_user_id(&self, server_name: &str) -> String {
        match self.0.split_once(':') {
            Some((prefix, id)) if self.kind() != EntityKind::MatrixPerson => {
                format!("@{prefix}-{id}:{server_name}")
            }
            _ => self.0.clone(),
        }
    }

    /// Which of the three forms it is.
    pub fn kind(&self) -> EntityKind {
        match self.0.as_bytes().first() {
            Some(b'u') => EntityKind::User,
            Some(b'a') => EntityKind::Agent,
            _ => EntityKind::MatrixPerson,
        }
    }

    /// `agent` for agents, `human` for everybody else: the value of `sender_type` and `member_type`.
    pub fn member_type(&self) -> &'static str {
        match self.kind() {
            EntityKind::Agent => "agent",
            EntityKind::User | EntityKind::MatrixPerson => "human",
        }
    }

    /// Whether it is an agent.
    pub fn is_agent(&self) -> bool {
        self.kind() == EntityKind::Agent
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EntityId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn is_local_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'))
}

/// Splits `@localpart:server`. Other homeservers may have given names of any characters, and the empty one (Matrix
/// specification, appendix "Historical User IDs"): whoever is in a room must not be missing here.
fn parse_matrix_user_id(text: &str) -> Result<(&str, &str), InvalidId> {
    let parts = text.strip_prefix('@').and_then(|rest| rest.split_once(':'));
    match parts {
        Some((localpart, server))
            if text.len() <= MAX_MATRIX_USER_ID
                && !localpart.contains('\0')
                && !server.is_empty()
                && !server.chars().any(|c| c.is_control() || c.is_whitespace()) =>
        {
            Ok((localpart, server))
        }
        _ => Err(InvalidId("must be a Matrix user id, @name:server, of at most 255 bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn own_ids_map_to_the_appservice_namespaces() {
        let alice = EntityId::parse("user:alice").unwrap();
        assert_eq!(alice.matrix_user_id("daarion.city"), "@user-alice:daarion.city");
        assert_eq!(alice.member_type(), "human");
        let sofia = EntityId::parse("agent:sofia").unwrap();
        assert_eq!(sofia.matrix_user_id("daarion.city"), "@agent-sofia:daarion.city");
        assert_eq!(sofia.member_type(), "agent");
    }

    #[test]
    fn a_matrix_person_never_passes_for_a_user() {
        let foreign = EntityId::from_matrix_user_id("@user-alice:evil.example", "daarion.city").unwrap();
        assert_eq!(foreign.as_str(), "@user-alice:evil.example");
        let upper = EntityId::from_matrix_user_id("@user-ALICE:daarion.city", "daarion.city").unwrap();
        assert_eq!(upper.kind(), EntityKind::MatrixPerson);
        assert!(EntityId::parse_own("@bob:daarion.city").is_err());
    }

    #[test]
    fn whatever_another_homeserver_calls_a_person_is_a_name() {
        for text in
            ["@Bob:a.example", "@b ob:a.example", "@b\tob\u{85}:a.example", "@:a.example", "@b/o#b:a.example:8448"]
        {
            let person = EntityId::from_matrix_user_id(text, "b.example").unwrap();
            assert_eq!((person.as_str(), person.kind()), (text, EntityKind::MatrixPerson));
            assert_eq!(EntityId::parse(text).unwrap(), person, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_own_id_survives_the_way_through_matrix(kind in "(user|agent)", id in "[a-z0-9._-]{1,64}") {
            let entity = EntityId::parse(&format!("{kind}:{id}")).unwrap();
            let back = EntityId::from_matrix_user_id(&entity.matrix_user_id("a.example"), "a.example").unwrap();
            prop_assert_eq!(back, entity);
        }
    }
}
