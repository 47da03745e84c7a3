//! Reactions to messages: what callers get.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::EntityId;
use serde::{Deserialize, Serialize};

/// One emoji under a message on a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ReactionCount {
    /// The emoji. With and without a variation selector it is the same one, and a person counts once.
    pub emoji: String,
    /// How many reacted so; 1,000 means at least that many.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = 1_000)))]
    pub count: i64,
    /// Whether the caller did.
    pub reacted: bool,
}

/// One emoji under a message, and who reacted with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Reaction {
    /// The emoji. With and without a variation selector it is the same one, and a person counts once.
    pub emoji: String,
    /// How many reacted so.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub count: i64,
    /// Whether the caller did.
    pub reacted: bool,
    /// The first hundred who did, in the order in which they did.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 100)))]
    pub reactors: Vec<EntityId>,
}
