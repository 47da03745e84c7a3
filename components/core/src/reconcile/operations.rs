//! What the OpenAPI document says of the operations.

use super::Reconciled;
use crate::openapi::Who::Internal;
use crate::openapi::{Operation, operation};
use crate::paths;
use crate::refusal::Refusal;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("homeserver", "post", paths::RECONCILE, "reconcileChannel")
            .does(
                "Compare a channel with its room",
                "Indexes what the room's history has and the homeserver never pushed, oldest first, and compares the \
                 room's state. A run goes through up to 1,000 events from where the last one has ended, the first time from \
                 a day ago; repeat it without `since` while `has_more` is true. `ws-relay` does it by itself.",
            )
            .who(Internal("for operators"))
            .asks(&["since", "min_age"])
            .responds::<Reconciled>(200, "What was found.")
            .refuses(&[Refusal::ChannelNotFound])
            .asks_matrix(),
    ]
}
