//! Events of the homeserver that could not be indexed and are set aside, so that others go on.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An event that is set aside, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct SetAsideEvent {
    /// The event in Matrix.
    pub event_id: String,
    /// Its room.
    pub room_id: String,
    /// Its type.
    pub event_type: String,
    /// Why it failed the last time; for operators.
    pub reason: String,
    /// How often it has failed.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub attempts: i32,
    /// When it failed first.
    pub first_failed_at: Timestamp,
    /// When it failed last.
    pub last_failed_at: Timestamp,
    /// Since when others no longer wait for it.
    pub set_aside_at: Timestamp,
}

/// What a replay came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Replayed {
    /// Events that are indexed, and set aside no longer.
    pub indexed: u32,
    /// Events that failed again, and stay set aside.
    pub failed: u32,
}
