//! What a picture is by its first bytes.

use super::MAX_IMAGE_BYTES;
use crate::media::picture_type;
use crate::problem::Problem;

/// The media types that a picture may have; nothing in them can act.
pub const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// A kind of picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageType {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
}

impl ImageType {
    /// What the first bytes say; `None` when they are none of these.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match picture_type(bytes)? {
            "image/png" => Some(Self::Png),
            "image/jpeg" => Some(Self::Jpeg),
            "image/gif" => Some(Self::Gif),
            "image/webp" => Some(Self::Webp),
            _ => None,
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
        }
    }

    /// What it is called as a file.
    pub fn filename(self) -> &'static str {
        match self {
            Self::Png => "preview.png",
            Self::Jpeg => "preview.jpg",
            Self::Gif => "preview.gif",
            Self::Webp => "preview.webp",
        }
    }
}

/// 415: no picture, or another one than is said.
pub fn not_an_image() -> Problem {
    let detail = "The body must be a picture, PNG, JPEG, GIF or WebP, and its Content-Type must say which.";
    Problem { detail: detail.into(), ..Problem::unsupported_media_type() }
}

/// 413: the picture is larger than [`MAX_IMAGE_BYTES`].
pub fn too_large_image() -> Problem {
    Problem::too_large(format!("The body may have at most {MAX_IMAGE_BYTES} bytes."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pictures_are_pictures() {
        for (bytes, expected) in [
            (&b"\x89PNG\r\n\x1a\n\0"[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0", Some("image/jpeg")),
            (b"GIF89a", Some("image/gif")),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"RIFF\x10\0\0\0WAVEfmt ", None),
            (b"RIFF", None),
            (b"<svg/>", None),
            (b"<html>\x89PNG\r\n\x1a\n", None),
            (b"", None),
        ] {
            let found = ImageType::of(bytes).map(ImageType::media_type);
            assert_eq!(found, expected);
            assert!(found.is_none_or(|media_type| IMAGE_TYPES.contains(&media_type)));
        }
    }
}
