//! How long data lives: what has had its time is removed, unless its channel is on hold.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::ChannelId;
use crate::problem::{FieldError, Problem};
use crate::text::TextKind::Line;
use crate::text::check_text;
#[cfg(feature = "openapi")]
use crate::text::patterns;
use serde::{Deserialize, Serialize};

/// The longest reason of a hold, in characters.
pub const MAX_REASON: usize = 1_000;

/// What became of messages that have had their time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Removed {
    /// So many events are redacted in Matrix and gone here: messages, their edits, reactions and votes.
    pub removed: u32,
    /// So many are gone here alone: their rooms refused again and again.
    pub refused: u32,
    /// So many were refused and wait for their next try.
    pub waiting: u32,
    /// Whether the homeserver was away: the rest waits for it.
    pub is_away: bool,
    /// Whether there may be more.
    pub has_more: bool,
}

/// The body of `PUT …/hold`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SetHold {
    /// Why, for the audit log: 1 to 1,000 characters in one line that one can see.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_REASON), regex(pattern = patterns::LINE)))]
    pub reason: String,
}

impl SetHold {
    /// Checks the reason.
    pub fn check(&self) -> Result<(), Problem> {
        let mut errors: Vec<FieldError> = Vec::new();
        check_text("reason", Line, Some(&self.reason), (1, MAX_REASON), &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
}

/// Whether a channel is on hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Hold {
    /// The channel.
    pub channel_id: ChannelId,
    /// Whether nothing of it is deleted by retention or erasure.
    pub is_held: bool,
    /// Why.
    pub reason: Option<String>,
    /// How many deletions had begun, which are carried out all the same: the hold holds from when there are none. Ask again.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub under_way: i64,
}
