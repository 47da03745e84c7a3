//! How the service is.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use serde::{Deserialize, Serialize};

/// The service is alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Health {
    /// Always `healthy`.
    pub status: Healthy,
    /// Always `daarion-messaging`.
    pub service: String,
    /// Its version.
    pub version: String,
}

/// The only status of a service that is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum Healthy {
    /// The service is alive.
    Healthy,
}

/// Whether the service can do its work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Readiness {
    /// `ready` when no part has failed.
    pub status: Ready,
    /// The parts that it needs.
    pub parts: Parts,
    /// How callers prove who they are.
    pub auth_mode: AuthMode,
}

/// How callers prove who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// By signed tokens.
    Token,
    /// Not at all: anyone may call themselves anyone.
    Development,
}

/// Whether the service can do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// No part has failed.
    Ready,
    /// A part is missing.
    NotReady,
}

/// What the service needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Parts {
    /// The index.
    pub postgresql: PartState,
    /// The way to Matrix.
    pub matrix_gateway: PartState,
    /// Matrix itself.
    pub homeserver: PartState,
}

/// Whether a part responds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum PartState {
    /// The part responds.
    Ok,
    /// The part does not respond, or fails; the log says why.
    Failed,
    /// The gateway responds and does not say how the homeserver is.
    Unknown,
}
