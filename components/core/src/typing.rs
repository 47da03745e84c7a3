//! Who types: what callers and relays send.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::EntityId;
use serde::{Deserialize, Serialize};

/// In: `PUT …/typing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SetTyping {
    /// Whether the caller types. It ends by itself after 10 seconds.
    pub typing: bool,
}

/// In: `PUT …/typing` under `/internal`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Typist {
    /// The member.
    pub member_id: EntityId,
}
