//! What the OpenAPI document says of the operations.

use super::DeletedContent;
use crate::openapi::Who::Internal;
use crate::openapi::{Operation, operation};
use crate::paths;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("homeserver", "post", paths::DELETE_CONTENT, "deleteContent")
            .does(
                "Delete content that nothing shows any more",
                "Has the homeserver delete what senders brought for messages that are deleted, once no message, channel or \
                 person shows it; it takes `matrix_admin_token`. `ws-relay` does it by itself. Where the homeserver is away it is \
                 tried again for 7 days.",
            )
            .who(Internal("for ws-relay"))
            .responds::<DeletedContent>(200, "What became of it."),
    ]
}
