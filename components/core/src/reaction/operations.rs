//! What the OpenAPI document says of the operations.

use super::Reaction;
use crate::openapi::Who::{Caller, Reader};
use crate::openapi::{Operation, READERS, READING, WRITERS, WRITING, operation};
use crate::paths::{self, ReactionPath};
use crate::refusal::Refusal;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("reactions", "get", paths::REACTIONS, "listReactions")
            .does("List the reactions to a message", "In the order in which each emoji was first used.")
            .who(Reader(READERS))
            .responds::<Vec<Reaction>>(200, "The reactions.")
            .refuses(&READING)
            .refuses(&[Refusal::MessageNotFound]),
        operation("reactions", "put", paths::REACTION, "addReaction")
            .does("React to a message", "Reacting so again changes nothing. A message has at most 100 different emoji and 20 reactions of one person.")
            .who(Caller(WRITERS))
            .runs_once()
            .responds_empty(204, "The caller has reacted so.")
            .refuses(&WRITING)
            .refuses(&[Refusal::MessageNotFound, Refusal::MessageDeleted, Refusal::TooManyReactions])
            .fails([ReactionPath::invalid_emoji()])
            .asks_matrix(),
        operation("reactions", "delete", paths::REACTION, "removeReaction")
            .does("Take a reaction back", "Taking back what is not there changes nothing.")
            .who(Caller("who reacted so"))
            .runs_once()
            .responds_empty(204, "The caller has not reacted so.")
            .refuses(&[Refusal::ChannelNotFound, Refusal::MessageNotFound, Refusal::ChannelArchived])
            .fails([ReactionPath::invalid_emoji()])
            .asks_matrix(),
    ]
}
