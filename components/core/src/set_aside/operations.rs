//! What the OpenAPI document says of the operations.

use super::{Replayed, SetAsideEvent};
use crate::openapi::Who::Internal;
use crate::openapi::{Operation, operation};
use crate::paths;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("homeserver", "get", paths::SET_ASIDE_EVENTS, "listSetAsideEvents")
            .does(
                "List the events that are set aside",
                "Events of the homeserver that could not be indexed, the first 200, oldest first, without content. \
                 Others no longer wait for them.",
            )
            .who(Internal("for operators"))
            .responds::<Vec<SetAsideEvent>>(200, "The events."),
        operation("homeserver", "post", paths::SET_ASIDE_REPLAY, "replaySetAsideEvents")
            .does(
                "Index the events that are set aside",
                "Tries the first 100, oldest first, for up to 20 seconds; repeat it while `indexed` is not 0. What was \
                 indexed before changes nothing.",
            )
            .who(Internal("for operators"))
            .runs_once()
            .responds::<Replayed>(200, "What came of it."),
    ]
}
