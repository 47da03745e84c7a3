//! What the OpenAPI document says of the operations.

use crate::openapi::Who::Gateway;
use crate::openapi::{Operation, operation};
use crate::paths;
use serde_json::{Map, Value, json};

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("homeserver", "post", paths::MATRIX_WEBHOOK, "receiveMatrixEvents")
            .does(
                "Receive events of rooms",
                "For a gateway that is not this project's own: `{\"subscription_id\", \"room_id\", \"event\"}` as it \
                 delivers to a webhook (the event need not name its room), one event as the homeserver has it, or \
                 `{\"events\": […]}`. What was seen before changes nothing.",
            )
            .who(Gateway)
            .reads::<Map<String, Value>>(json!({"events": []}))
            .responds::<Map<String, Value>>(200, "They are stored."),
    ]
}
