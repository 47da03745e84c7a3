//! Threads: replies that stand under a message.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::EntityId;
use crate::member::MemberType;
use crate::message::Message;
use serde::{Deserialize, Serialize};

/// What a message shows of the thread under it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Thread {
    /// How many replies it has, without deleted ones.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub reply_count: i64,
    /// The newest of them.
    pub last_reply: Message,
    /// The first who wrote in it, of its first 100 replies.
    #[cfg_attr(feature = "openapi", schemars(length(max = 5)))]
    pub participants: Vec<Participant>,
    /// Whether the caller follows it: they wrote in it or sent the message that it is under, were mentioned in it, or chose to.
    pub is_following: bool,
    /// How many replies of others the caller has not read; 0 when they do not follow it. It stops at 100.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = 100)))]
    pub unread_count: u8,
}

/// Somebody who wrote in a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Participant {
    /// Who.
    pub member_id: EntityId,
    /// What they are.
    pub member_type: MemberType,
    /// What they are called now; `null` when they have chosen no name.
    pub display_name: Option<String>,
    /// Their picture, an `mxc://` address.
    pub avatar_url: Option<String>,
}
