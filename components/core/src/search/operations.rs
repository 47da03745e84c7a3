//! What the OpenAPI document says of the operations.

use super::Found;
use crate::openapi::Who::{Caller, Internal};
use crate::openapi::{Operation, READERS, READING, operation};
use crate::paths;
use crate::problem::Problem;

const QUERY: &str = "All words have to be there, each in any form, Ukrainian or English: `квартира` finds `квартирою`. \
    `\"phrases\"` are found word for word, `prefix*` is the beginning of a word, and `-` before any of these, or before an operator, \
    asks for what is without it. Operators: `from:` and `mentions:` somebody (`me`, an id or a name), `in:` a channel (its id \
    or name), `before:`, `after:`, `on:` a day or a moment, `has:` `file`, `image`, `audio`, `video`, `link`, `reaction`, \
    `thread`, `pin`, `is:` `reply`, `edited`, `agent`, `mention`, `unread`. No query is wrong: what is no operator is searched \
    for as a word, and `hints` say so. Deleted and encrypted messages are not found.";

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    let asked = ["q", "in_channel", "of_microdao", "hit_limit", "hit_cursor"];
    vec![
        operation("search", "get", paths::SEARCH, "searchMessages")
            .does("Search messages", QUERY)
            .who(Caller(READERS))
            .asks(&asked)
            .responds::<Found>(200, "What was found, newest first.")
            .links(&["next"])
            .refuses(&READING),
        operation("agents", "get", paths::AGENT_SEARCH, "searchMessagesForAgent")
            .does("Search messages as an agent", "As people do.")
            .who(Internal(
                "as an agent, in what it may read, or as a service that may read every channel that it names",
            ))
            .asks(&["reader"])
            .asks(&asked)
            .responds::<Found>(200, "What was found, newest first.")
            .links(&["next"])
            .refuses(&READING)
            .fails([Problem::not_found("agent"), Problem::agent_not_allowed()]),
    ]
}
