//! How long data lives: what has had its time is removed, unless its channel is on hold.

mod export;
#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

pub use export::{CHANNEL_PARTS, ExportPage, ExportQuery, PERSON_PARTS};

use crate::ids::{ChannelId, EntityId, ErasureId};
use crate::paths::{FromParams, Params};
use crate::problem::{FieldError, Problem};
use crate::text::TextKind::Line;
use crate::text::check_text;
#[cfg(feature = "openapi")]
use crate::text::patterns;
use crate::time::Timestamp;
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

/// `/internal/messaging/erasures/:erasure_id`
#[derive(Debug, Clone, Copy)]
pub struct ErasurePath {
    /// The erasure.
    pub erasure_id: ErasureId,
}

impl FromParams for ErasurePath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        let erasure_id = ErasureId::parse(params.get("erasure_id")).ok_or_else(|| Problem::not_found("erasure"))?;
        Ok(Self { erasure_id })
    }
}

/// `/internal/messaging/persons/:member_id/erase`
#[derive(Debug, Clone)]
pub struct PersonPath {
    member_id: String,
}

impl FromParams for PersonPath {
    fn from_params(params: &Params) -> Result<Self, Problem> {
        Ok(Self { member_id: params.get("member_id").to_owned() })
    }
}

impl PersonPath {
    /// Who: the Matrix id of one of our own users is that user.
    pub fn member_id(&self, server_name: &str) -> Result<EntityId, Problem> {
        EntityId::parse_on(&self.member_id, server_name).map_err(|_| Problem::not_found("member"))
    }
}

/// How far the erasure of a person is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Erasure {
    /// The erasure.
    pub id: ErasureId,
    /// Who; `null` when it is finished, as nothing names them any more.
    pub member_id: Option<EntityId>,
    /// Who stands in their place in rows that stay.
    pub anonymous_id: EntityId,
    /// What is being done.
    pub phase: ErasurePhase,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// Events that are redacted in Matrix and gone here.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub removed: i64,
    /// Events that are known and still to be redacted.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub waiting: i64,
    /// Channels on hold, at most 1,000: in these nothing is erased. Ask again when their hold has ended.
    pub held_channel_ids: Vec<ChannelId>,
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ErasurePhase {
    /// They leave all channels, and their profile is cleared.
    Leaving,
    /// What they have said is looked for.
    Removing,
    /// The last of it is redacted in Matrix.
    Waiting,
    /// Rows that stay say somebody else.
    Anonymising,
    /// What else is kept of them goes.
    Forgetting,
    /// The events of the last day say somebody else.
    Log,
    /// All is done.
    Finished,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_has_a_reason_that_one_can_see() {
        let of = |reason: &str| SetHold { reason: reason.to_owned() }.check();
        assert!(of("a case").is_ok() && of(&"x".repeat(MAX_REASON)).is_ok());
        for odd in ["", " ", "two\nlines", &"x".repeat(MAX_REASON + 1)] {
            assert!(of(odd).is_err(), "{odd:?}");
        }
    }
}
