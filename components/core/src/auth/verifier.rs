//! Decides who is calling by what a request carries.

use super::caller::{Authenticated, Caller, MicroDaos};
use super::claims::{Claims, microdaos_claim};
use super::key::{self, Key, Keys};
use super::provider;
use super::settings::Settings;
use crate::ids::EntityId;
use crate::problem::Problem;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{TokenData, Validation, decode, decode_header};
use std::time::Instant;

/// How far the clocks of the token's issuer and of this service may differ, in seconds.
const CLOCK_SKEW_SECONDS: u64 = 30;

/// Decides who is calling. With no settings it accepts nobody.
pub struct Verifier {
    development: bool,
    keys: Option<(Keys, Validation)>,
    microdaos_claim: String,
    warnings: Vec<&'static str>,
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
        let keys = key::from_settings(settings)?.map(|(keys, algorithm)| {
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
            (keys, validation)
        });
        let mut warnings = Vec::new();
        if development {
            warnings.push(
                "AUTH_MODE=development: anyone may call themselves anyone, and who gives no name reads every public and every \
                 microDAO channel. Never let others reach this service.",
            );
        }
        if keys.is_some() && settings.jwt_audience.is_none() {
            warnings.push(
                "JWT_AUDIENCE is empty: a token that was made for another service with the same key is taken here too.",
            );
        }
        if keys.is_some() && settings.jwt_issuer.is_none() {
            warnings.push("JWT_ISSUER is empty: tokens of everybody who signs with the same key are taken.");
        }
        if settings.jwt_jwks_url.as_deref().is_some_and(|url| url.starts_with("http:")) {
            warnings.push("JWT_JWKS_URL is not https: whoever is on the way to it can make themselves anybody.");
        }
        let microdaos_claim = microdaos_claim(settings.jwt_microdaos_claim.as_deref())?;
        Ok(Self { development, keys, microdaos_claim, warnings })
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

    /// The address of the JWK Set to fetch before `token` is checked, if there is one and it is time. Whoever fetches
    /// it hands it to [`put_keys`](Self::put_keys), or says that [it failed](Self::keys_failed).
    pub fn keys_due(&self, token: &str, now: Instant) -> Option<&str> {
        let (Keys::Fetched(keys), _) = self.keys.as_ref()? else { return None };
        // What is no token needs no key.
        keys.due(decode_header(token).ok()?.kid.as_deref(), now)
    }

    /// Takes a JWK Set. The error is a sentence for the log; the keys that there are stay.
    pub fn put_keys(&self, document: &[u8], now: Instant) -> Result<(), String> {
        match &self.keys {
            Some((Keys::Fetched(keys), _)) => keys.put(document, now),
            _ => Ok(()),
        }
    }

    /// Remembers that the JWK Set could not be fetched.
    pub fn keys_failed(&self, now: Instant) {
        if let Some((Keys::Fetched(keys), _)) = &self.keys {
            keys.failed(now);
        }
    }

    /// Checks a token's signature, times, issuer and audience. The problem is a 401, or a 503 while the issuer's keys
    /// are not known.
    pub fn verify_token(&self, token: &str) -> Result<Authenticated, Problem> {
        let Some((keys, validation)) = &self.keys else {
            return Err(Problem::unauthenticated("This service has no key to check tokens with.")
                .with_internal_message("none of JWT_SECRET, JWT_PUBLIC_KEY and JWT_JWKS_URL is set"));
        };
        let fetched;
        let keys = match keys {
            Keys::Fixed(keys) => keys,
            Keys::Fetched(keys) => {
                let known = keys.get(Instant::now());
                fetched = known.ok_or_else(|| Problem::unavailable("no key of JWT_JWKS_URL is known"))?;
                &*fetched
            }
        };
        let TokenData { header, claims } = decode_with(keys, token, validation).map_err(|e| {
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
        let caller = claims.caller(&self.microdaos_claim)?;
        let expires_at = claims.exp().saturating_add(CLOCK_SKEW_SECONDS);
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

/// Checks a token with the key that it names, or with each when it names none.
fn decode_with(keys: &[Key], token: &str, validation: &Validation) -> Result<TokenData<Claims>, Error> {
    let named = match keys {
        [Key { id: None, .. }] => None,
        _ => decode_header(token)?.kid,
    };
    let may_be = |key: &&Key| match (&key.id, &named) {
        (Some(id), Some(named)) => id == named,
        _ => true,
    };
    let mut error = ErrorKind::InvalidSignature.into();
    for key in keys.iter().filter(may_be) {
        match decode(token, &key.key, validation) {
            Err(e) if *e.kind() == ErrorKind::InvalidSignature => error = e,
            decided => return decided,
        }
    }
    Err(error)
}

/// The token of an `Authorization` header (RFC 6750, section 2.1; the scheme's case does not matter).
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
