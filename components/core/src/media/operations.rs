//! What the OpenAPI document says of the operations.

use super::{SignUrls, SignedUrl, SignedUrls, UploadedFile};
use crate::openapi::Who::{Caller, Reader};
use crate::openapi::{Operation, WRITERS, WRITING, operation};
use crate::paths;
use crate::problem::Problem;
use crate::refusal::Refusal;
use schemars::SchemaGenerator;
use serde_json::json;

const READERS_OF_MEDIA: &str = "who may read a channel in which it was sent, or see the channel or person whose picture it is, \
     or has uploaded it for a channel that they may read";
/// Media ranges: a file is what it is.
const ANY: &str = "*/*";
const PICTURE: &str = "image/*";

fn bytes(_: &mut SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "string", "format": "binary"})
}

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("files", "post", paths::FILES, "uploadFile")
            .does(
                "Upload a file for a channel",
                "The body is the file itself, with its `Content-Type` and `Content-Length`, or a form \
                 (`multipart/form-data`) whose last part is the file. It goes through to the homeserver as it comes. What it \
                 is is told by its first bytes; what is declared counts when it agrees. Nobody sees it before it is \
                 sent: a message names it by `content_uri`. With an `Idempotency-Key` the same file is uploaded once.",
            )
            .who(Caller(WRITERS))
            .asks(&["filename"])
            .reads_bytes(&[ANY])
            .runs_once()
            .responds::<UploadedFile>(201, "The file.")
            .refuses(&WRITING)
            .refuses(&[Refusal::UploadQuotaExceeded])
            .fails([
                Problem::length_required(),
                Problem::file_too_large(super::DEFAULT_MAX_BYTES),
                Problem::invalid_form("it has no file"),
                Problem::incomplete_body(),
                Problem::slow_body(),
            ])
            .asks_matrix(),
        operation("files", "get", paths::MEDIA, "downloadMedia")
            .does(
                "Download content",
                "What nobody may read by these rules is a 404, as is unknown content. One `Range` gives a part. It never \
                 changes, so it may be kept. `inline` are only pictures, sound, films and text that are what they are said \
                 to be; all else is to be saved. A signed address needs no header.",
            )
            .who(Reader(READERS_OF_MEDIA))
            .asks(&["media_expires", "media_signature"])
            .responds_with(200, "The content.", ANY, bytes)
            .responds_with(206, "The part that `Range` asked for.", ANY, bytes)
            .responds_empty(304, "The caller has it: `If-None-Match` names its `ETag`.")
            .refuses(&[Refusal::MediaNotFound])
            .fails([Problem::range_not_satisfiable(0)])
            .asks_optional_call(),
        operation("files", "get", paths::MEDIA_THUMBNAIL, "downloadThumbnail")
            .does(
                "Download a small picture of content",
                "The homeserver makes it, in the nearest size that it has.",
            )
            .who(Reader(READERS_OF_MEDIA))
            .asks(&["width", "height", "fit", "media_expires", "media_signature"])
            .responds_with(200, "The picture.", PICTURE, bytes)
            .responds_empty(304, "The caller has it: `If-None-Match` names its `ETag`.")
            .refuses(&[Refusal::MediaNotFound])
            .asks_optional_call(),
        operation("files", "get", paths::MEDIA_URL, "signMediaUrl")
            .does(
                "Get an address that needs no header",
                "For `<img>` and `<audio>`, for 10 to 15 minutes. It tells who asks; what they may read is decided when it \
                 is used. Whoever has it reads as the caller: show it to nobody else.",
            )
            .who(Caller(READERS_OF_MEDIA))
            .responds::<SignedUrl>(200, "The address.")
            .refuses(&[Refusal::MediaNotFound]),
        operation("files", "post", paths::MEDIA_URLS, "signMediaUrls")
            .does("Get such addresses of several", "What the caller may not read is left out. It changes nothing, so no `Idempotency-Key` is read.")
            .who(Caller("anybody identified"))
            .reads::<SignUrls>(json!({"content_uris": ["mxc://daarion.city/GCmhgzMPRjqgpODLsNQzVuHZ"]}))
            .responds::<SignedUrls>(200, "The addresses."),
    ]
}
