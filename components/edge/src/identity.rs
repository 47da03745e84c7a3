//! Who is calling. A handler that needs to know calls one of these; there is no other way to a [`Caller`].

use crate::{Problem, Request, settings};
use messaging_core::auth::{Caller, Internal, Settings, VerifierCache};
use std::collections::HashMap;

static VERIFIER: VerifierCache = VerifierCache::new();

/// The caller of a public route: by token, or by `X-User-Id` in development mode.
pub async fn caller(request: &Request) -> Result<Caller, Problem> {
    let mut values = HashMap::new();
    for name in Settings::NAMES {
        if let Some(value) = settings::optional(&name.to_lowercase()).await {
            values.insert(name, value);
        }
    }
    let settings = Settings::read(|name| values.get(name).cloned());
    let verifier = VERIFIER.get(settings).map_err(Problem::internal)?;
    let known = verifier.authenticate(request.header("authorization"), request.header("x-user-id"))?;
    Ok(known.caller)
}

/// Lets only internal callers through: they know `INTERNAL_SECRET` and send it as `X-Internal-Service-Token`
/// or as bearer token.
pub async fn internal(request: &Request) -> Result<Internal, Problem> {
    let expected = settings::optional("internal_secret").await.unwrap_or_default();
    let bearer = request.header("authorization").and_then(messaging_core::auth::bearer);
    Internal::check(request.header("x-internal-service-token").or(bearer), &expected)
}

/// The agent for whom an internal caller acts.
pub async fn agent(request: &Request, agent_id: &str) -> Result<Caller, Problem> {
    internal(request).await?.agent(agent_id)
}

/// A service of the platform that acts for itself.
pub async fn service(request: &Request) -> Result<Caller, Problem> {
    Ok(internal(request).await?.service())
}
