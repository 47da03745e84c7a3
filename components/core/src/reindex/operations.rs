//! What the OpenAPI document says of the operations.

use super::Reindexed;
use crate::openapi::Who::Internal;
use crate::openapi::{Operation, operation};
use crate::paths;
use crate::refusal::Refusal;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("homeserver", "post", paths::REINDEX, "reindexChannel")
            .does(
                "Make a channel's messages found by search",
                "Reads from Matrix the messages of a channel that search does not find yet, or by what an earlier version made \
                 of them, newest first, at most 8 at once, and indexes their texts. Repeat it with `before` from `next` until \
                 that is null; what has been done is not done again. `ws-relay reindex` does it for all channels.",
            )
            .who(Internal("for operators"))
            .asks(&["reindex_before"])
            .responds::<Reindexed>(200, "What was done.")
            .refuses(&[Refusal::ChannelNotFound])
            .asks_matrix(),
    ]
}
