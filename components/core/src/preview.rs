//! What the links of messages show: the title, text and picture that a page gives itself.

mod image_type;
mod links;
#[cfg(feature = "openapi")]
mod operations;

pub use image_type::{IMAGE_TYPES, ImageType, not_an_image, too_large_image};
pub use links::{MAX_LINKS, MAX_URL_BYTES, links};
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::PreviewId;
use serde::{Deserialize, Serialize};

/// The longest title, in characters.
pub const MAX_TITLE: usize = 300;
/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 600;
/// The longest name of a site, in characters.
pub const MAX_SITE_NAME: usize = 100;
/// The largest picture of a page, in bytes.
pub const MAX_IMAGE_BYTES: usize = 1024 * 1024;
/// The longest side of a picture, in pixels.
pub const MAX_IMAGE_SIDE: u32 = 16_384;

/// What one link of a message shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Preview {
    /// The preview, by which it is removed.
    pub id: PreviewId,
    /// The link as the message has it, in its canonical form.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_URL_BYTES)))]
    pub url: String,
    /// What the page says of itself.
    #[serde(flatten)]
    pub page: PageSummary,
}

/// What a page says of itself. It is data of a stranger: cleaned of what hides or acts, bounded, and no HTML.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PageSummary {
    /// Its title.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_TITLE)))]
    pub title: Option<String>,
    /// What it is about.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_DESCRIPTION)))]
    pub description: Option<String>,
    /// The name of its site.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_SITE_NAME)))]
    pub site_name: Option<String>,
    /// Its picture.
    pub image: Option<PreviewImage>,
}

/// A page's picture, as content of our own: readers fetch nothing from the page's server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct PreviewImage {
    /// An `mxc://` address.
    pub content_uri: String,
    /// `image/png`, `image/jpeg`, `image/gif` or `image/webp`, as its first bytes say.
    pub content_type: String,
    /// In pixels.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_IMAGE_SIDE)))]
    pub width: u32,
    /// In pixels.
    #[cfg_attr(feature = "openapi", schemars(range(min = 1, max = MAX_IMAGE_SIDE)))]
    pub height: u32,
}

/// A picture that a relay has stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct StoredImage {
    /// An `mxc://` address.
    pub content_uri: String,
}
