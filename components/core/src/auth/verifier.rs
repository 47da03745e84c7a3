//! Decides who is calling by what a request carries.

use super::caller::{Authenticated, Caller, MicroDaos};
use super::settings::Settings;
use super::{key, provider};
use crate::ids::{EntityId, MicrodaoId};
use crate::problem::Problem;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{DecodingKey, TokenData, Validation, decode};
use serde::Deserialize;

/// How far the clocks of the token's issuer and of this service may differ, in seconds.
const CLOCK_SKEW_SECONDS: u64 = 30;

/// Decides who is calling. With no settings it accepts nobody.
pub struct Verifier {
    development: bool,
    key: Option<(DecodingKey, Validation)>,
    warnings: Vec<&'static str>,
}

/// The claims of a token (RFC 7519, section 4.1) that this service reads.
#[derive(Deserialize)]
struct Claims {
    /// `user:<id>` or `agent:<id>`.
    sub: String,
    /// Seconds since 1970; a NumericDate may have a fraction (RFC 7519, section 2).
    exp: f64,
    /// The microDAOs of the subject, as `microdao:<slug>`.
    #[serde(default)]
    microdaos: Vec<String>,
}

impl Verifier {
    /// Builds the verifier for `settings`. The error is a sentence for the operator.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        provider::install();
        let development = match settings.auth_mode.as_deref() {
            None | Some("token") => false,
            Some("development") => true,
            Some(other) => return Err(format!("AUTH_MODE must be token or development, not {other:?}")),
        };
        let key = key::from_settings(settings)?.map(|(key, algorithm)| {
            let mut validation = Validation::new(algorithm);
            validation.leeway = CLOCK_SKEW_SECONDS;
            validation.validate_nbf = true;
            validation.set_required_spec_claims(&["exp", "sub"]);
            match &settings.jwt_audience {
                Some(audience) => {
                    validation.set_audience(&[audience]);
                    validation.required_spec_claims.insert("aud".to_owned());
                }
                None => validation.validate_aud = false,
            }
            if let Some(issuer) = &settings.jwt_issuer {
                validation.set_issuer(&[issuer]);
                validation.required_spec_claims.insert("iss".to_owned());
            }
            (key, validation)
        });
        let mut warnings = Vec::new();
        if development {
            warnings.push(
                "AUTH_MODE=development: anyone may call themselves anyone, and who gives no name reads every public and every \
                 microDAO channel. Never let others reach this service.",
            );
        }
        if key.is_some() && settings.jwt_audience.is_none() {
            warnings.push(
                "JWT_AUDIENCE is empty: a token that was made for another service with the same key is taken here too.",
            );
        }
        if key.is_some() && settings.jwt_issuer.is_none() {
            warnings.push("JWT_ISSUER is empty: tokens of everybody who signs with the same key are taken.");
        }
        Ok(Self { development, key, warnings })
    }

    /// [`Settings::read`] and [`Verifier::new`] in one. The error is a sentence for the operator.
    pub fn from_settings(setting: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        Self::new(&Settings::read(setting))
    }

    /// Whether callers may name themselves without a token.
    pub fn development(&self) -> bool {
        self.development
    }

    /// What the operator should know of these settings, a sentence each.
    pub fn warnings(&self) -> &[&'static str] {
        &self.warnings
    }

    /// Checks a token's signature, times, issuer and audience. The problem is a 401.
    pub fn verify_token(&self, token: &str) -> Result<Authenticated, Problem> {
        let Some((key, validation)) = &self.key else {
            return Err(Problem::unauthenticated("This service has no key to check tokens with.")
                .with_internal_message("neither JWT_SECRET nor JWT_PUBLIC_KEY is set"));
        };
        let TokenData { header, claims } = decode::<Claims>(token, key, validation).map_err(|e| {
            let detail = match e.kind() {
                ErrorKind::ExpiredSignature => "The token has expired. Get a new one.",
                _ => "The token is not valid here.",
            };
            Problem::unauthenticated(detail).with_internal_message(e)
        })?;
        // Extensions that the issuer declares critical, and of which this service knows none (RFC 7515, section 4.1.11).
        if let Some(extensions) = header.crit {
            return Err(Problem::unauthenticated("The token is not valid here.")
                .with_internal_message(format!("its crit names {extensions:?}")));
        }
        let id =
            EntityId::parse_own(&claims.sub).map_err(|e| Problem::unauthenticated(format!("The token's sub {e}.")))?;
        let microdaos = claims
            .microdaos
            .iter()
            .map(|text| MicrodaoId::parse(text))
            .collect::<Result<_, _>>()
            .map_err(|e| Problem::unauthenticated(format!("Each of the token's microdaos {e}.")))?;
        let caller = Caller::new(id, MicroDaos::Only(microdaos));
        let expires_at = (claims.exp as u64).saturating_add(CLOCK_SKEW_SECONDS);
        Ok(Authenticated { caller, expires_at: Some(expires_at) })
    }

    /// Takes a caller's word for who they are. The problem is a 401, outside development mode always.
    pub fn development_caller(&self, id: &str) -> Result<Authenticated, Problem> {
        if !self.development {
            return Err(Problem::unauthenticated("Send Authorization: Bearer <token>."));
        }
        let id = EntityId::parse_own(id).map_err(|e| Problem::unauthenticated(format!("X-User-Id {e}.")))?;
        Ok(Authenticated { caller: Caller::new(id, MicroDaos::Every), expires_at: None })
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
