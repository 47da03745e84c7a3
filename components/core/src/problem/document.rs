//! The body of a problem, as its readers see it.

use super::FieldError;
use serde::{Deserialize, Serialize};

/// Why a request was refused or failed (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ProblemDocument {
    /// `urn:daarion:problem:` and the code.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^urn:daarion:problem:[a-z0-9_]+$")))]
    pub r#type: String,
    /// The name of the HTTP status.
    pub title: String,
    /// The HTTP status.
    #[cfg_attr(feature = "openapi", schemars(range(min = 400, max = 599)))]
    pub status: u16,
    /// For people: what is wrong, and what to do next.
    pub detail: String,
    /// For programs; never changes its meaning.
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^[a-z0-9_]+$")))]
    pub code: String,
    /// Names the request in the service's log.
    pub request_id: String,
    /// One entry per bad field, parameter or header, if it is about those.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}
