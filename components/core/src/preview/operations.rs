//! What the OpenAPI document says of the operations.

use super::{IMAGE_TYPES, StoredImage, not_an_image, too_large_image};
use crate::openapi::Who::{Caller, Internal};
use crate::openapi::{Operation, operation};
use crate::paths;
use crate::problem::Problem;
use crate::refusal::Refusal;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("messages", "delete", paths::PREVIEW, "removePreview")
            .does(
                "Remove what a link shows",
                "For everybody. The link stays in the text, and an edit that keeps it does not bring the preview back. Senders \
                 may remove those of their own messages also after they have left, and in an archived channel.",
            )
            .who(Caller("the sender of the message, admins and owners of the channel who may read it"))
            .runs_once()
            .responds_empty(204, "It is removed, or was already.")
            .refuses(&[
                Refusal::ChannelNotFound,
                Refusal::MessageNotFound,
                Refusal::PreviewNotFound,
                Refusal::CannotDelete,
                Refusal::CannotRead,
                Refusal::ChannelArchived,
            ]),
        operation("homeserver", "post", paths::PREVIEW_IMAGES, "storePreviewImage")
            .does(
                "Store the picture of a page",
                "`ws-relay` does it by itself, for a page that a link shows. A picture is PNG, JPEG, GIF or WebP, as its \
                 `Content-Type` and its first bytes say.",
            )
            .who(Internal("for ws-relay"))
            .reads_bytes(&IMAGE_TYPES)
            .fails([Problem::incomplete_body(), Problem::slow_body(), too_large_image(), not_an_image()])
            .responds::<StoredImage>(200, "Where it is.")
            .asks_matrix(),
    ]
}
