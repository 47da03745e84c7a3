//! What the OpenAPI document says of the operations.

use crate::message::Message;
use crate::openapi::Who::{Caller, Reader};
use crate::openapi::{MANAGERS, Operation, READERS, READING, operation};
use crate::paths;
use crate::refusal::Refusal;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("pins", "get", paths::PINS, "listPins")
            .does(
                "List the pinned messages",
                "In the order of the room's list, at most 100. What the room has pinned besides, events that are no messages \
                 here, is left out.",
            )
            .who(Reader(READERS))
            .responds::<Vec<Message>>(200, "The pinned messages.")
            .refuses(&READING),
        operation("pins", "put", paths::PIN, "pinMessage")
            .does("Pin a message", "Behind those that are pinned already. One that is pinned stays where it is.")
            .who(Caller(MANAGERS))
            .runs_once()
            .responds_empty(204, "It is pinned.")
            .refuses(&CHANGING)
            .refuses(&[Refusal::MessageDeleted, Refusal::TooManyPins])
            .asks_optional_call(),
        operation("pins", "delete", paths::PIN, "unpinMessage")
            .does("Unpin a message", "Of one that is not pinned nothing changes.")
            .who(Caller(MANAGERS))
            .runs_once()
            .responds_empty(204, "It is not pinned.")
            .refuses(&CHANGING)
            .asks_optional_call(),
    ]
}

/// What both changes refuse with.
const CHANGING: [Refusal; 6] = [
    Refusal::ChannelNotFound,
    Refusal::MessageNotFound,
    Refusal::CannotManage,
    Refusal::CannotRead,
    Refusal::ChannelArchived,
    Refusal::PinsBeingChanged,
];
