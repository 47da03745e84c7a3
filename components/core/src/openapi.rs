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
                           them. Who is not in it yet joins by this; agents never do";
/// Who manages a channel.
pub const MANAGERS: &str = "owners and admins of the channel";

/// The refusals for callers who cannot see a channel or not read it.
pub const READING: [Refusal; 2] = [Refusal::ChannelNotFound, Refusal::CannotRead];
/// The refusals for callers who cannot write in a channel.
pub const WRITING: [Refusal; 4] =
    [Refusal::ChannelNotFound, Refusal::NotAMember, Refusal::CannotWrite, Refusal::ChannelArchived];

/// Every operation, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    [
        crate::channel::operations(),
        crate::message::operations(),
        crate::reaction::operations(),
        crate::member::operations(),
        crate::agent::operations(),
        crate::health::operations(),
        crate::matrix::operations(),
        crate::set_aside::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
