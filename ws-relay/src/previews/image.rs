//! The picture of a page: what it is, by its first bytes alone.

use super::fetch::Wanted;
use super::page::media_type;
use messaging_core::preview::{ImageType, MAX_IMAGE_SIDE};

/// How many pixels a picture may have: readers' devices unpack all of them.
const MAX_PIXELS: u64 = 40_000_000;

/// A picture as a whole.
pub struct Picture;

impl Wanted for Picture {
    fn accept(&self) -> &'static str {
        "image/webp, image/png, image/jpeg, image/gif"
    }

    fn takes(&self, content_type: &str) -> bool {
        // Servers name pictures in many ways. The bytes say what it is, but what calls itself a text is none.
        let media_type = media_type(content_type);
        media_type.starts_with("image/")
            || matches!(media_type.as_str(), "application/octet-stream" | "binary/octet-stream" | "")
    }

    fn is_enough(&self, _: &[u8], _: usize) -> bool {
        false
    }
}

/// What a picture is.
#[derive(Debug, PartialEq, Eq)]
pub struct Described {
    /// Its media type.
    pub content_type: &'static str,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// What these bytes are; `None` when they are no picture of a kind in which nothing can act, or a too large one.
pub fn describe(bytes: &[u8]) -> Option<Described> {
    let content_type = ImageType::of(bytes)?.media_type();
    let size = imagesize::blob_size(bytes).ok()?;
    let (width, height) = (u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?);
    let fits = |side: u32| (1..=MAX_IMAGE_SIDE).contains(&side);
    let pixels = u64::from(width) * u64::from(height);
    let is_bounded = content_type != "image/gif" || gif_frames_fit(bytes, width, height);
    (fits(width) && fits(height) && pixels <= MAX_PIXELS && is_bounded).then_some(Described {
        content_type,
        width,
        height,
    })
}

/// Whether every frame of a GIF lies within the screen that its head names: decoders make room for a larger one.
fn gif_frames_fit(bytes: &[u8], width: u32, height: u32) -> bool {
    let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3_usize << ((flags & 7) + 1) };
    // The end of a chain of blocks, each with its length in front.
    let behind = |mut at: usize| loop {
        match bytes.get(at) {
            Some(0) => break Some(at + 1),
            Some(length) => at += 1 + usize::from(*length),
            None => break None,
        }
    };
    let Some(flags) = bytes.get(10) else { return false };
    let mut next = Some(13 + table(*flags));
    while let Some(at) = next {
        next = match bytes.get(at) {
            Some(0x21) => behind(at + 2),
            Some(0x2c) => {
                let Some(&[x, x2, y, y2, w, w2, h, h2, flags]) = bytes.get(at + 1..at + 10) else { break };
                let sum = |a: [u8; 2], b: [u8; 2]| u32::from(u16::from_le_bytes(a)) + u32::from(u16::from_le_bytes(b));
                if sum([x, x2], [w, w2]) > width || sum([y, y2], [h, h2]) > height {
                    return false;
                }
                behind(at + 11 + table(flags))
            }
            _ => None,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a PNG of this size.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn a_picture_is_what_its_bytes_are() {
        assert_eq!(describe(&png(3, 5)), Some(Described { content_type: "image/png", width: 3, height: 5 }));
        let gif = b"GIF89a\x02\0\x01\0\x80\0\0\0\0\0\xff\xff\xff;";
        assert_eq!(describe(gif), Some(Described { content_type: "image/gif", width: 2, height: 1 }));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_none() {
        for bytes in [
            &b""[..],
            b"\x89PNG",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)' width='1' height='1'/>",
            b"<?xml version='1.0'?><svg/>",
            b"<html><script>alert(1)</script>",
            b"BM\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"%PDF-1.7",
            b"PK\x03\x04",
            b"RIFF\0\0\0\0WAVE",
            &png(0, 5),
            &png(5, 0),
            &png(MAX_IMAGE_SIDE + 1, 1),
            &png(u32::MAX, u32::MAX),
            &png(10_000, 10_000),
            b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\x21\xf9\x04\0\0\0\0\0\x2c\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;",
        ] {
            assert_eq!(describe(bytes), None, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
