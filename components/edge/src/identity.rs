//! Who is calling. A handler that needs to know calls one of these; there is no other way to a [`Caller`].

use crate::{Problem, Request, settings};
use messaging_core::auth::{Caller, MicroDaos, Verifier, secrets_match};
use messaging_core::ids::EntityId;
use std::collections::HashMap;

/// The settings that decide who may call.
const SETTINGS: [&str; 6] =
    ["AUTH_MODE", "JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_ALGORITHM", "JWT_ISSUER", "JWT_AUDIENCE"];

/// The caller of a public route: by token, or by `X-User-Id` in development mode.
pub async fn caller(request: &Request) -> Result<Caller, Problem> {
    let mut values = HashMap::new();
    for name in SETTINGS {
        if let Some(value) = settings::optional(&name.to_lowercase()).await {
            values.insert(name, value);
        }
    }
    let verifier = Verifier::from_settings(|name| values.get(name).cloned()).map_err(Problem::internal)?;
    let known = verifier.authenticate(request.header("authorization"), request.header("x-user-id"))?;
    Ok(known.caller)
}

/// Lets only internal callers through: they know `INTERNAL_SECRET` and send it as `X-Internal-Service-Token`
/// or as bearer token.
pub async fn internal(request: &Request) -> Result<(), Problem> {
    let expected = settings::optional("internal_secret").await.unwrap_or_default();
    let bearer = request.header("authorization").and_then(messaging_core::auth::bearer);
    let given = request.header("x-internal-service-token").or(bearer).unwrap_or("");
    if secrets_match(given, &expected) {
        return Ok(());
    }
    Err(Problem::unauthenticated("Send X-Internal-Service-Token: <INTERNAL_SECRET>."))
}

/// The agent for whom an internal caller acts. Agents are members of channels one by one, never of a microDAO.
pub async fn agent(request: &Request, agent_id: &str) -> Result<Caller, Problem> {
    internal(request).await?;
    let id = EntityId::parse_own(agent_id).ok().filter(EntityId::is_agent);
    let id = id.ok_or_else(|| Problem::not_found("agent"))?;
    Ok(Caller { id, microdaos: MicroDaos::Only(Vec::new()) })
}

/// A service of the platform that acts for itself.
pub async fn service(request: &Request) -> Result<Caller, Problem> {
    internal(request).await?;
    Ok(Caller { id: EntityId::internal_service(), microdaos: MicroDaos::Only(Vec::new()) })
}
