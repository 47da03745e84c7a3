//! Who is calling. A handler that asks for one of these gets it only after the check.

use super::current::{note_caller, note_entity};
use super::key_set;
use super::{FromRequest, Request};
use crate::{Problem, settings};
use messaging_core::auth::{Caller, Internal, InternalSettings, Settings, Verifier, VerifierCache, bearer};
use messaging_core::media::{MediaPath, check_url};
use messaging_core::paths::{AgentPath, FromParams};
use messaging_core::time::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

static VERIFIER: VerifierCache = VerifierCache::new();

async fn verifier() -> Result<Arc<Verifier>, Problem> {
    let mut values = HashMap::new();
    for name in Settings::NAMES {
        if let Some(value) = settings::optional(&name.to_lowercase()).await? {
            values.insert(name, value);
        }
    }
    VERIFIER.get(Settings::read(|name| values.get(name).cloned())).map_err(Problem::internal)
}

async fn internal(given: Option<&str>) -> Result<Internal, Problem> {
    let secrets = settings::optional("internal_secret").await?.unwrap_or_default();
    let agents = settings::optional("internal_agents").await?.unwrap_or_default();
    let internal = Internal::check(given, &InternalSettings { secrets, agents })?;
    note_caller("service");
    Ok(internal)
}

async fn caller(verifier: &Verifier, request: &Request) -> Result<Caller, Problem> {
    let header = |name| request.header_or_empty(name);
    if let Some(token) = header("authorization").and_then(bearer) {
        key_set::renew(verifier, token, request.id()).await;
    }
    let caller = verifier.authenticate(header("authorization"), header("x-user-id"))?.caller;
    note_entity(&caller);
    Ok(caller)
}

/// The caller of a public route: by token, or by `X-User-Id` in development mode.
impl FromRequest for Caller {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        caller(&*verifier().await?, request).await
    }
}

/// Who reads a channel through a public route: a caller, or a service of the platform, which sends
/// `X-Internal-Service-Token` and no identity. Only for handlers that change nothing.
///
/// A service reads what it may read through the internal routes: every channel that it knows by its id.
pub struct Reader(pub Caller);

impl FromRequest for Reader {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let verifier = verifier().await?;
        let has = |name| request.header_or_empty(name).is_some();
        let names_somebody = has("authorization") || verifier.development() && has("x-user-id");
        if !names_somebody && let Some(token) = request.header_or_empty("x-internal-service-token") {
            return Ok(Self(internal(Some(token)).await?.service()));
        }
        caller(&verifier, request).await.map(Self)
    }
}

/// Who downloads content: as a [`Reader`], or whoever a signed address names.
pub struct MediaReader(pub Caller);

impl FromRequest for MediaReader {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let Some(signature) = request.query("signature") else {
            return Reader::from_request(request).await.map(|reader| Self(reader.0));
        };
        let secret = settings::required("matrix_gateway_secret").await?;
        let uri = MediaPath::from_params(request.params())?.uri();
        check_url(&secret, &uri, request.query("expires").unwrap_or_default(), signature, unix_time()).map(|caller| {
            note_entity(&caller);
            Self(caller)
        })
    }
}

/// Now, in seconds since 1970.
pub fn unix_time() -> u64 {
    u64::try_from(chrono::Utc::now().timestamp()).unwrap_or_default()
}

/// A moment in Unix time, in seconds.
pub fn time_at(seconds: u64) -> Timestamp {
    let time = i64::try_from(seconds).ok().and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    Timestamp(time.unwrap_or_default().to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
}

/// A service of the platform: it sends `INTERNAL_SECRET` as `X-Internal-Service-Token` or as bearer token.
impl FromRequest for Internal {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let bearer = request.header("authorization").and_then(bearer);
        internal(request.header_or_empty("x-internal-service-token").or(bearer)).await
    }
}

/// The agent of the path, for whom a service of the platform acts.
pub struct ActingAgent(pub Caller);

impl FromRequest for ActingAgent {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let internal = Internal::from_request(request).await?;
        let at = AgentPath::from_params(request.params())?;
        internal.agent(&at.agent_id).map(Self)
    }
}

/// Who reads through an internal route: the agent that `agent_id` of the query names, or the service itself.
pub struct InternalReader {
    /// The reader.
    pub caller: Caller,
    /// Whether `agent_id` was there.
    pub is_agent: bool,
}

impl FromRequest for InternalReader {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        let internal = Internal::from_request(request).await?;
        match request.query("agent_id") {
            Some(agent_id) => Ok(Self { caller: internal.agent(agent_id)?, is_agent: true }),
            None => Ok(Self { caller: internal.service(), is_agent: false }),
        }
    }
}
