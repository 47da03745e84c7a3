//! What a token says (RFC 7519, section 4.1), the platform's own included.

use super::caller::{Caller, MicroDaos};
use crate::ids::{EntityId, MicrodaoId};
use crate::problem::Problem;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The `type` of the platform's tokens that open its services. Its refresh tokens have another and open nothing.
const ACCESS: &str = "access";

/// Claims that mean something else here, so that none of them can be the one with the microDAOs.
const TAKEN: [&str; 8] = ["sub", "exp", "nbf", "iat", "iss", "aud", "jti", "type"];

/// The claim with the microDAOs, unless the settings name another.
const MICRODAOS: &str = "microdaos";

/// The claims of a token.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(Map<String, Value>);

/// The name of the claim with the microDAOs, as set. The error is a sentence for the operator.
pub(super) fn microdaos_claim(setting: Option<&str>) -> Result<String, String> {
    match setting {
        Some(name) if TAKEN.contains(&name) => {
            Err(format!("JWT_MICRODAOS_CLAIM cannot be {name}, which says another thing"))
        }
        name => Ok(name.unwrap_or(MICRODAOS).to_owned()),
    }
}

impl Claims {
    /// When the token ends, in seconds since 1970; a NumericDate may have a fraction (RFC 7519, section 2).
    pub fn exp(&self) -> u64 {
        self.0.get("exp").and_then(Value::as_f64).unwrap_or(0.0) as u64
    }

    /// Who the token is of: `sub` is `user:<id>`, `agent:<id>`, or the id of a user alone. `microdaos_claim` names the
    /// list of `microdao:<slug>`; without it, or with null, there are none. The problem is a 401.
    pub fn caller(&self, microdaos_claim: &str) -> Result<Caller, Problem> {
        if self.0.get("type").is_some_and(|kind| !kind.is_null() && kind != ACCESS) {
            return Err(Problem::unauthenticated("This is no access token. Send the access token."));
        }
        let sub = self.0.get("sub").and_then(Value::as_str).unwrap_or_default();
        let own = if sub.contains(':') { sub.to_owned() } else { format!("user:{sub}") };
        let id = EntityId::parse_own(&own).map_err(|e| Problem::unauthenticated(format!("The token's sub {e}.")))?;
        Ok(Caller::new(id, MicroDaos::Only(self.microdaos(microdaos_claim)?)))
    }

    fn microdaos(&self, claim: &str) -> Result<Vec<MicrodaoId>, Problem> {
        let wrong = |reason: String| Problem::unauthenticated(format!("The token's {claim} {reason}."));
        let list = match self.0.get(claim) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(_) => return Err(wrong("must be a list".to_owned())),
        };
        let parse = |id: &Value| match id.as_str() {
            Some(id) => MicrodaoId::parse(id).map_err(|e| wrong(format!("has an entry that {e}"))),
            None => Err(wrong("must be a list of texts".to_owned())),
        };
        list.iter().map(parse).collect()
    }
}
