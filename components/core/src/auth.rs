//! Who is calling: signed tokens, and names alone in development mode.

use crate::ids::{EntityId, MicrodaoId};
use crate::problem::Problem;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

/// How far the clocks of the token's issuer and of this service may differ, in seconds.
const CLOCK_SKEW_SECONDS: u64 = 30;

/// The microDAOs that the caller is a member of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MicroDaos {
    /// All of them: a caller in development mode.
    Every,
    /// Those named by the token.
    Only(Vec<MicrodaoId>),
}

impl MicroDaos {
    /// Whether the caller is a member of `microdao`.
    pub fn contains(&self, microdao: &MicrodaoId) -> bool {
        match self {
            Self::Every => true,
            Self::Only(list) => list.contains(microdao),
        }
    }
}

/// A caller whose identity is checked. Made only by a [`Verifier`] or by a component that has checked a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    id: EntityId,
    microdaos: MicroDaos,
}

impl Caller {
    /// Who it is.
    pub fn id(&self) -> &EntityId {
        &self.id
    }

    /// Where they belong.
    pub fn microdaos(&self) -> &MicroDaos {
        &self.microdaos
    }
}

/// Proof that a caller holds the platform's secret.
#[derive(Debug, Clone, Copy)]
pub struct Internal(());

impl Internal {
    /// Checks the secret that a caller sent.
    pub fn check(given: Option<&str>, expected: &str) -> Result<Self, Problem> {
        if secrets_match(given.unwrap_or(""), expected) {
            return Ok(Self(()));
        }
        Err(Problem::unauthenticated("Send X-Internal-Service-Token: <INTERNAL_SECRET>."))
    }

    /// The agent for whom the platform acts.
    pub fn agent(&self, agent_id: &str) -> Result<Caller, Problem> {
        let id = EntityId::parse_own(agent_id).ok().filter(EntityId::is_agent);
        let id = id.ok_or_else(|| Problem::not_found("agent"))?;
        Ok(Caller { id, microdaos: MicroDaos::Only(Vec::new()) })
    }

    /// A service of the platform that acts for itself.
    pub fn service(&self) -> Caller {
        Caller { id: EntityId::internal_service(), microdaos: MicroDaos::Only(Vec::new()) }
    }
}

/// A caller and the end of their token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// Who it is.
    pub caller: Caller,
    /// Unix time in seconds at which the token ends; `None` in development mode.
    pub expires_at: Option<u64>,
}

/// Decides who is calling. With no settings it accepts nobody.
pub struct Verifier {
    development: bool,
    key: Option<(DecodingKey, Validation)>,
}

/// The claims of a token (RFC 7519, section 4.1) that this service reads.
#[derive(Deserialize)]
struct Claims {
    /// `user:<id>` or `agent:<id>`.
    sub: String,
    exp: u64,
    /// The microDAOs of the subject, as `microdao:<slug>`.
    #[serde(default)]
    microdaos: Vec<String>,
}

impl Verifier {
    /// Reads `AUTH_MODE`, `JWT_SECRET`, `JWT_PUBLIC_KEY`, `JWT_ALGORITHM`, `JWT_ISSUER` and `JWT_AUDIENCE`;
    /// `setting` gives `None` or an empty text for what is not set.
    ///
    /// The error is a sentence for the operator.
    pub fn from_settings(setting: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let setting = |name: &str| setting(name).filter(|value| !value.is_empty());
        let development = match setting("AUTH_MODE").as_deref() {
            None | Some("token") => false,
            Some("development") => true,
            Some(other) => return Err(format!("AUTH_MODE must be token or development, not {other:?}")),
        };
        let key = match (setting("JWT_SECRET"), setting("JWT_PUBLIC_KEY")) {
            (Some(_), Some(_)) => return Err("set JWT_SECRET or JWT_PUBLIC_KEY, not both".to_owned()),
            // RFC 7518, section 3.2: the key has at least the size of the hash.
            (Some(secret), None) if secret.len() < 32 => {
                return Err("JWT_SECRET must have at least 32 bytes".to_owned());
            }
            (Some(secret), None) => Some((DecodingKey::from_secret(secret.as_bytes()), Algorithm::HS256)),
            (None, Some(pem)) => Some(public_key(pem.as_bytes(), setting("JWT_ALGORITHM").as_deref())?),
            (None, None) => None,
        };
        let key = key.map(|(key, algorithm)| {
            let mut validation = Validation::new(algorithm);
            validation.leeway = CLOCK_SKEW_SECONDS;
            validation.validate_nbf = true;
            validation.set_required_spec_claims(&["exp", "sub"]);
            match setting("JWT_AUDIENCE") {
                Some(audience) => {
                    validation.set_audience(&[audience]);
                    validation.required_spec_claims.insert("aud".to_owned());
                }
                None => validation.validate_aud = false,
            }
            if let Some(issuer) = setting("JWT_ISSUER") {
                validation.set_issuer(&[issuer]);
                validation.required_spec_claims.insert("iss".to_owned());
            }
            (key, validation)
        });
        Ok(Self { development, key })
    }

    /// Whether callers may name themselves without a token.
    pub fn development(&self) -> bool {
        self.development
    }

    /// Checks a token's signature, times, issuer and audience. The problem is a 401.
    pub fn verify_token(&self, token: &str) -> Result<Authenticated, Problem> {
        let Some((key, validation)) = &self.key else {
            return Err(Problem::unauthenticated("This service has no key to check tokens with.")
                .with_internal_message("neither JWT_SECRET nor JWT_PUBLIC_KEY is set"));
        };
        let claims = decode::<Claims>(token, key, validation)
            .map_err(|e| {
                let detail = match e.kind() {
                    jsonwebtoken::errors::ErrorKind::ExpiredSignature => "The token has expired. Get a new one.",
                    _ => "The token is not valid here.",
                };
                Problem::unauthenticated(detail).with_internal_message(e)
            })?
            .claims;
        let id =
            EntityId::parse_own(&claims.sub).map_err(|e| Problem::unauthenticated(format!("The token's sub {e}.")))?;
        let microdaos = claims
            .microdaos
            .iter()
            .map(|text| MicrodaoId::parse(text))
            .collect::<Result<_, _>>()
            .map_err(|e| Problem::unauthenticated(format!("Each of the token's microdaos {e}.")))?;
        let caller = Caller { id, microdaos: MicroDaos::Only(microdaos) };
        Ok(Authenticated { caller, expires_at: Some(claims.exp) })
    }

    /// Takes a caller's word for who they are. The problem is a 401, outside development mode always.
    pub fn development_caller(&self, id: &str) -> Result<Authenticated, Problem> {
        if !self.development {
            return Err(Problem::unauthenticated("Send Authorization: Bearer <token>."));
        }
        let id = EntityId::parse_own(id).map_err(|e| Problem::unauthenticated(format!("X-User-Id {e}.")))?;
        Ok(Authenticated { caller: Caller { id, microdaos: MicroDaos::Every }, expires_at: None })
    }

    /// Decides by the two headers that a request may carry; a token counts more than a name.
    pub fn authenticate(&self, authorization: Option<&str>, x_user_id: Option<&str>) -> Result<Authenticated, Problem> {
        if let Some(authorization) = authorization {
            return match bearer(authorization) {
                Some(token) => self.verify_token(token),
                None => Err(Problem::unauthenticated("Authorization must be: Bearer <token>.")),
            };
        }
        match x_user_id {
            Some(id) if self.development => self.development_caller(id),
            _ if self.development => {
                Err(Problem::unauthenticated("Send Authorization: Bearer <token>, or X-User-Id: user:<id>."))
            }
            _ => Err(Problem::unauthenticated("Send Authorization: Bearer <token>.")),
        }
    }
}

/// The token of an `Authorization` header (RFC 6750, section 2.1; the scheme's case does not matter).
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Compares secrets in a time that does not depend on where they differ. An empty secret matches nothing.
pub fn secrets_match(given: &str, expected: &str) -> bool {
    use subtle::ConstantTimeEq;
    !expected.is_empty() && bool::from(given.as_bytes().ct_eq(expected.as_bytes()))
}

fn public_key(pem: &[u8], algorithm: Option<&str>) -> Result<(DecodingKey, Algorithm), String> {
    let (key, algorithm) = match algorithm {
        None | Some("RS256") => (DecodingKey::from_rsa_pem(pem), Algorithm::RS256),
        Some("ES256") => (DecodingKey::from_ec_pem(pem), Algorithm::ES256),
        Some("EdDSA") => (DecodingKey::from_ed_pem(pem), Algorithm::EdDSA),
        Some(other) => return Err(format!("JWT_ALGORITHM must be RS256, ES256 or EdDSA, not {other:?}")),
    };
    key.map(|key| (key, algorithm)).map_err(|e| format!("JWT_PUBLIC_KEY is no PEM public key of that kind: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
    use serde_json::json;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn verifier(settings: &[(&str, &str)]) -> Result<Verifier, String> {
        Verifier::from_settings(|name| {
            settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn token(claims: &serde_json::Value, secret: &str) -> String {
        encode(&Header::default(), claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
    }

    #[test]
    fn with_no_settings_nobody_gets_in() {
        let verifier = verifier(&[]).unwrap();
        let claims = json!({"sub": "user:alice", "exp": get_current_timestamp() + 60});
        assert!(verifier.verify_token(&token(&claims, SECRET)).is_err());
        assert!(verifier.authenticate(None, Some("user:alice")).is_err());
        assert!(verifier.authenticate(None, None).is_err());
    }

    #[test]
    fn a_signed_token_names_the_caller_and_their_microdaos() {
        let verifier = verifier(&[("JWT_SECRET", SECRET)]).unwrap();
        let exp = get_current_timestamp() + 60;
        let claims = json!({"sub": "user:alice", "exp": exp, "microdaos": ["microdao:daarion"]});
        let known = verifier.authenticate(Some(&format!("bearer {}", token(&claims, SECRET))), None).unwrap();
        assert_eq!(known.caller.id.as_str(), "user:alice");
        assert_eq!(known.expires_at, Some(exp));
        assert!(known.caller.microdaos.contains(&MicrodaoId::parse("microdao:daarion").unwrap()));
        assert!(!known.caller.microdaos.contains(&MicrodaoId::parse("microdao:other").unwrap()));
    }

    #[test]
    fn forged_expired_and_foreign_tokens_are_refused() {
        let verifier =
            verifier(&[("JWT_SECRET", SECRET), ("JWT_AUDIENCE", "messaging"), ("JWT_ISSUER", "daarion")]).unwrap();
        let now = get_current_timestamp();
        let good = json!({"sub": "user:alice", "exp": now + 60, "aud": "messaging", "iss": "daarion"});
        assert!(verifier.verify_token(&token(&good, SECRET)).is_ok());
        assert!(verifier.verify_token(&token(&good, &SECRET.replace('0', "1"))).is_err());
        for (field, value) in [
            ("exp", json!(now - 120)),
            ("exp", json!(null)),
            ("aud", json!("other")),
            ("aud", json!(null)),
            ("iss", json!("other")),
            ("sub", json!("@bob:server")),
            ("sub", json!("user:Bob")),
            ("nbf", json!(now + 600)),
            ("microdaos", json!(["Daarion"])),
        ] {
            let mut claims = good.clone();
            claims[field] = value.clone();
            assert!(verifier.verify_token(&token(&claims, SECRET)).is_err(), "{field}: {value}");
        }
        let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyOmFsaWNlIiwiZXhwIjo5OTk5OTk5OTk5fQ.";
        assert!(verifier.verify_token(unsigned).is_err());
    }

    #[test]
    fn a_name_alone_counts_only_in_development() {
        let development = verifier(&[("AUTH_MODE", "development")]).unwrap();
        let alice = development.authenticate(None, Some("user:alice")).unwrap();
        assert_eq!(alice.caller.microdaos, MicroDaos::Every);
        assert!(development.authenticate(None, Some("@bob:server")).is_err());
        assert!(development.authenticate(Some("Bearer nonsense"), Some("user:alice")).is_err());
        assert!(verifier(&[("AUTH_MODE", "dev")]).is_err());
        assert!(verifier(&[("JWT_SECRET", "short")]).is_err());
    }

    #[test]
    fn an_unset_secret_matches_nothing() {
        assert!(!secrets_match("", ""));
        assert!(!secrets_match("a", ""));
        assert!(secrets_match("abc", "abc"));
        assert!(!secrets_match("abd", "abc"));
    }
}
