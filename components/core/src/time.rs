//! Moments, as they go over the wire.

use serde::{Deserialize, Serialize};

/// A moment in UTC as RFC 3339, to the microsecond.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(inline, extend("format" = "date-time")))]
#[serde(transparent)]
pub struct Timestamp(pub String);
