//! Services of the platform, which prove themselves by the platform's secret.

use super::caller::{Caller, MicroDaos};
use crate::ids::EntityId;
use crate::problem::Problem;
use subtle::ConstantTimeEq;

/// How many secrets may be valid at a time: the new one, and the one that it replaces.
pub(super) const MAX_SECRETS: usize = 2;

/// The length of each of two secrets, at least.
const MIN_BYTES_OF_TWO: usize = 16;

/// The settings that decide which services of the platform may call.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct InternalSettings {
    /// `INTERNAL_SECRET`: the secret; while it is changed two of them, with a space between, of 16 bytes or more.
    pub secrets: String,
    /// `INTERNAL_AGENTS`: the agents for whom services may act, as `agent:<id>` with commas between; empty: all.
    pub agents: String,
}

/// Proof that the request carried the platform's secret. Only [`Internal::check`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Internal {
    /// `None`: all of them.
    agents: Option<Vec<EntityId>>,
}

impl Internal {
    /// Checks the secret of a request. The problem is a 401, always when no secret is set.
    pub fn check(given: Option<&str>, settings: &InternalSettings) -> Result<Self, Problem> {
        let given = given.unwrap_or_default();
        let secrets: Vec<_> = settings.secrets.split_ascii_whitespace().collect();
        // Not several words of one: each would open everything.
        let are_words = secrets.len() > 1 && secrets.iter().any(|secret| secret.len() < MIN_BYTES_OF_TWO);
        if secrets.len() > MAX_SECRETS || are_words {
            let reason = format!("INTERNAL_SECRET is neither one secret nor two of at least {MIN_BYTES_OF_TWO} bytes");
            return Err(Problem::internal(reason));
        }
        // Each is compared, so that the time does not tell which one it is.
        let is_known = secrets.iter().fold(false, |is_known, secret| is_known | secrets_match(given, secret));
        if !is_known {
            return Err(Problem::unauthenticated("Send X-Internal-Service-Token: <INTERNAL_SECRET>."));
        }
        let agents = settings.agents.split(',').map(str::trim).filter(|id| !id.is_empty());
        let agents: Result<Vec<_>, _> = agents.map(EntityId::parse_own).collect();
        let agents = agents.map_err(|e| Problem::internal(format!("an entry of INTERNAL_AGENTS {e}")))?;
        // A list that names nobody is one: nobody.
        Ok(Self { agents: (!settings.agents.is_empty()).then_some(agents) })
    }

    /// The agent for whom the service acts. Agents are members of channels one by one, never of a microDAO.
    /// The problem is a 404 when `agent_id` is not `agent:<id>`, and a 403 when services may not act for it.
    pub fn agent(&self, agent_id: &str) -> Result<Caller, Problem> {
        let id = EntityId::parse_own(agent_id).ok().filter(EntityId::is_agent);
        let id = id.ok_or_else(|| Problem::not_found("agent"))?;
        if self.agents.as_ref().is_some_and(|agents| !agents.contains(&id)) {
            return Err(Problem::agent_not_allowed());
        }
        Ok(Caller::new(id, MicroDaos::Only(Vec::new())))
    }

    /// The service itself.
    pub fn service(&self) -> Caller {
        Caller::new(EntityId::internal_service(), MicroDaos::Only(Vec::new()))
    }
}

impl Problem {
    /// 403: `INTERNAL_AGENTS` does not list the agent.
    pub fn agent_not_allowed() -> Self {
        Self::forbidden("agent_not_allowed", "This service may not act for this agent.")
    }
}

/// Compares secrets in a time that does not depend on where they differ. An empty secret matches nothing.
pub fn secrets_match(given: &str, expected: &str) -> bool {
    !expected.is_empty() && bool::from(given.as_bytes().ct_eq(expected.as_bytes()))
}
