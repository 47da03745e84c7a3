//! The settings that decide who may call.

/// The settings of a [`Verifier`](super::Verifier), as the operator gave them. `None` is a setting that is absent or
/// empty. There is no `Debug`, because one of them is a secret.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// `AUTH_MODE`: `token` (the default) or `development`.
    pub auth_mode: Option<String>,
    /// `JWT_SECRET`: the HS256 key, at least 32 bytes; while it is changed two of them, with a space between.
    pub jwt_secret: Option<String>,
    /// `JWT_PUBLIC_KEY`: a PEM public key, or a JWK Set (RFC 7517, section 5).
    pub jwt_public_key: Option<String>,
    /// `JWT_JWKS_URL`: where the issuer publishes its JWK Set.
    pub jwt_jwks_url: Option<String>,
    /// `JWT_ALGORITHM` of the public keys: `RS256` (the default), `ES256` or `EdDSA`.
    pub jwt_algorithm: Option<String>,
    /// `JWT_ISSUER`: the `iss` that a token must have.
    pub jwt_issuer: Option<String>,
    /// `JWT_AUDIENCE`: the `aud` that a token must have.
    pub jwt_audience: Option<String>,
    /// `JWT_MICRODAOS_CLAIM`: the name of the claim with the subject's microDAOs; `microdaos` by default.
    pub jwt_microdaos_claim: Option<String>,
}

impl Settings {
    /// The names under which [`Settings::read`] looks the settings up.
    pub const NAMES: [&str; 8] = [
        "AUTH_MODE",
        "JWT_SECRET",
        "JWT_PUBLIC_KEY",
        "JWT_JWKS_URL",
        "JWT_ALGORITHM",
        "JWT_ISSUER",
        "JWT_AUDIENCE",
        "JWT_MICRODAOS_CLAIM",
    ];

    /// Reads each setting by its name; `setting` gives `None` or an empty text for what is not set.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> Self {
        let [
            auth_mode,
            jwt_secret,
            jwt_public_key,
            jwt_jwks_url,
            jwt_algorithm,
            jwt_issuer,
            jwt_audience,
            jwt_microdaos_claim,
        ] = Self::NAMES.map(|name| setting(name).filter(|value| !value.is_empty()));
        Self {
            auth_mode,
            jwt_secret,
            jwt_public_key,
            jwt_jwks_url,
            jwt_algorithm,
            jwt_issuer,
            jwt_audience,
            jwt_microdaos_claim,
        }
    }
}
