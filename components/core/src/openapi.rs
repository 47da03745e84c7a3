//! The words in which a noun describes its operations, for the generator of the OpenAPI document.

mod operation;
mod problems;

pub use operation::{Body, Operation, Success, Type, Who, operation};

use crate::refusal::Refusal;

/// Who may read a channel.
pub const READERS: &str = "who may read the channel: anybody identified (public), the microDAO's and the channel's \
                           members (microdao), members with `can_read` (private, direct)";
/// Who may write in a channel.
pub const WRITERS: &str = "who may write in the channel: anybody identified (public), the microDAO's and the \
                           channel's members (microdao), members (private, direct), unless `can_write` was taken from \
                           them. A writer who is not a member yet joins by writing, except agents, which have \
                           to be invited";
/// Who manages a channel.
pub const MANAGERS: &str = "owners and admins of the channel";

/// The refusals for callers who cannot see a channel or not read it.
pub const READING: [Refusal; 2] = [Refusal::ChannelNotFound, Refusal::CannotRead];
/// The refusals for callers who cannot write in a channel.
pub const WRITING: [Refusal; 5] =
    [Refusal::ChannelNotFound, Refusal::NotAMember, Refusal::Banned, Refusal::CannotWrite, Refusal::ChannelArchived];

/// Tells the generator of schemas not to state a default: to some generators of clients a property with a default is one
/// that is always there. The property's description says what it is when it is left out.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
