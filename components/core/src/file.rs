//! Files of messages: what callers get and send.

mod content;
mod name;
#[cfg(feature = "openapi")]
mod operations;
mod write;

#[cfg(feature = "openapi")]
pub use operations::operations;

pub use content::{content, in_content};
pub use name::last_part;
pub use write::{Known, NewFile};

use serde::{Deserialize, Serialize};

/// The largest size of a file, in bytes, and the largest integer that events carry (Matrix specification, appendix
/// "Canonical JSON").
pub const MAX_SIZE: i64 = (1 << 53) - 1;
/// The largest width and height, in pixels.
pub const MAX_PIXELS: i64 = 100_000;
/// The longest duration: 30 days, in milliseconds.
pub const MAX_DURATION_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// How many points a waveform has at most.
pub const MAX_WAVEFORM: usize = 256;
/// The loudest point of a waveform.
pub const MAX_LOUDNESS: u16 = 1_024;
/// How many characters the name of a file has at most.
pub const MAX_NAME_CHARACTERS: usize = 255;
/// How many characters a content type has at most.
pub const MAX_TYPE_CHARACTERS: usize = 127;
/// How many characters a BlurHash has at most: one of 9 by 9 components.
pub const MAX_BLURHASH_CHARACTERS: usize = 166;

/// The file of a message, as its sender describes it. What is odd in a description is `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct File {
    /// Its content, an `mxc://` address.
    pub content_uri: String,
    /// What it is called: one line without a path. `null` for a sticker, and in an encrypted channel.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_NAME_CHARACTERS)))]
    pub filename: Option<String>,
    /// Its media type, without parameters.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_TYPE_CHARACTERS)))]
    pub content_type: Option<String>,
    /// Its size in bytes.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = MAX_SIZE)))]
    pub size: Option<i64>,
    /// The width of a picture or video, in pixels.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_PIXELS)))]
    pub width: Option<i64>,
    /// Its height, in pixels.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_PIXELS)))]
    pub height: Option<i64>,
    /// How long sound or a video lasts, in milliseconds.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = MAX_DURATION_MS)))]
    pub duration_ms: Option<i64>,
    /// A smaller picture of it, an `mxc://` address.
    pub thumbnail_uri: Option<String>,
    /// A BlurHash to show until the picture is there.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_BLURHASH_CHARACTERS)))]
    pub blurhash: Option<String>,
    /// What a voice message has; `null` for any other file.
    pub voice: Option<Voice>,
    /// Whether the content is encrypted: the key is in the `content` that `GET` of the message tells.
    pub is_encrypted: bool,
}

/// A voice message (MSC3245).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Voice {
    /// How loud it is, in equal steps from its beginning to its end.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_WAVEFORM), inner(range(min = 0, max = MAX_LOUDNESS))))]
    pub waveform: Vec<u16>,
}

/// What became of the content that was to be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct DeletedContent {
    /// The homeserver has deleted so many.
    pub deleted: u32,
    /// So many stay: they are not of this homeserver or not of the message's sender, it refuses, or `matrix_admin_token` is not set.
    pub kept: u32,
    /// Whether there may be more.
    pub has_more: bool,
}
