//! Services of the platform, which prove themselves by the platform's secret.

use super::caller::{Caller, MicroDaos};
use crate::ids::EntityId;
use crate::problem::Problem;
use subtle::ConstantTimeEq;

/// Proof that the request carried the platform's secret. Only [`Internal::check`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Internal(());

impl Internal {
    /// Checks the secret of a request against `INTERNAL_SECRET`. The problem is a 401, always when `expected` is empty.
    pub fn check(given: Option<&str>, expected: &str) -> Result<Self, Problem> {
        match given {
            Some(given) if secrets_match(given, expected) => Ok(Self(())),
            _ => Err(Problem::unauthenticated("Send X-Internal-Service-Token: <INTERNAL_SECRET>.")),
        }
    }

    /// The agent for whom the service acts. Agents are members of channels one by one, never of a microDAO.
    /// The problem is a 404 when `agent_id` is not `agent:<id>`.
    pub fn agent(&self, agent_id: &str) -> Result<Caller, Problem> {
        let id = EntityId::parse_own(agent_id).ok().filter(EntityId::is_agent);
        let id = id.ok_or_else(|| Problem::not_found("agent"))?;
        Ok(Caller::new(id, MicroDaos::Only(Vec::new())))
    }

    /// The service itself.
    pub fn service(&self) -> Caller {
        Caller::new(EntityId::internal_service(), MicroDaos::Only(Vec::new()))
    }
}

/// Compares secrets in a time that does not depend on where they differ. An empty secret matches nothing.
pub fn secrets_match(given: &str, expected: &str) -> bool {
    !expected.is_empty() && bool::from(given.as_bytes().ct_eq(expected.as_bytes()))
}
