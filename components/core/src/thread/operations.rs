//! What the OpenAPI document says of the operations.

use crate::message::Message;
use crate::openapi::Who::{Caller, Reader};
use crate::openapi::{Operation, READERS, READING, operation};
use crate::paths;
use crate::refusal::Refusal;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("threads", "get", paths::THREADS, "listThreads")
            .does(
                "Page through a channel's threads",
                "The messages that have one, with `thread`; the one with the newest reply first. A deleted message keeps \
                 its thread.",
            )
            .who(Reader(READERS))
            .asks(&["limit", "thread_cursor", "followed"])
            .responds::<Vec<Message>>(200, "A page of messages with threads.")
            .links(&["next"])
            .refuses(&READING),
        operation("threads", "put", paths::FOLLOWING, "followThread")
            .does(
                "Follow a thread",
                "Also one that nobody has written in yet. A message that is in a thread means that thread.",
            )
            .who(Caller(READERS))
            .runs_once()
            .responds_empty(204, "The caller follows it.")
            .refuses(&READING)
            .refuses(&[Refusal::MessageNotFound]),
        operation("threads", "delete", paths::FOLLOWING, "unfollowThread")
            .does(
                "Follow a thread no more",
                "Being mentioned in it does not change that; writing in it begins anew.",
            )
            .who(Caller(READERS))
            .runs_once()
            .responds_empty(204, "The caller does not follow it.")
            .refuses(&READING)
            .refuses(&[Refusal::MessageNotFound]),
    ]
}
