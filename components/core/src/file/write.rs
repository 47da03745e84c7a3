//! The file of a message that a caller sends.

use super::{
    MAX_BLURHASH_CHARACTERS, MAX_DURATION_MS, MAX_LOUDNESS, MAX_NAME_CHARACTERS, MAX_PIXELS, MAX_SIZE,
    MAX_TYPE_CHARACTERS, MAX_WAVEFORM, Voice,
};
use crate::problem::FieldError;
#[cfg(feature = "openapi")]
use crate::text::patterns;
use crate::text::{TextKind, check_mxc, check_text};
use serde::{Deserialize, Serialize};

/// A file that was uploaded before, or that the caller may read elsewhere. What the upload knows (type, size, and the name
/// where none is given) counts instead of what is said here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewFile {
    /// Its content, an `mxc://` address.
    #[cfg_attr(feature = "openapi", schemars(length(max = 255), regex(pattern = patterns::MXC)))]
    pub content_uri: String,
    /// What it is called: one line without a path, 1 to 255 characters.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_NAME_CHARACTERS), regex(pattern = patterns::FILE_NAME)))]
    pub filename: Option<String>,
    /// Its media type, without parameters.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_TYPE_CHARACTERS), regex(pattern = patterns::MEDIA_TYPE)))]
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
    /// How long sound or a video lasts, in milliseconds; at most 30 days.
    #[cfg_attr(feature = "openapi", schemars(range(min = 0, max = MAX_DURATION_MS)))]
    pub duration_ms: Option<i64>,
    /// A smaller picture of it, an `mxc://` address, which the caller has uploaded or may read as well.
    #[cfg_attr(feature = "openapi", schemars(length(max = 255), regex(pattern = patterns::MXC)))]
    pub thumbnail_uri: Option<String>,
    /// A BlurHash to show until the picture is there.
    #[cfg_attr(feature = "openapi", schemars(length(min = 6, max = MAX_BLURHASH_CHARACTERS), regex(pattern = patterns::BLURHASH)))]
    pub blurhash: Option<String>,
    /// It is a voice message: with `msgtype` `m.audio`.
    pub voice: Option<Voice>,
}

impl NewFile {
    /// Checks every field.
    pub(crate) fn check(&self, errors: &mut Vec<FieldError>) {
        let mut refuse = |field: &str, detail: String| errors.push(FieldError::body(&format!("file/{field}"), detail));
        for (field, number, min, max) in [
            ("size", self.size, 0, MAX_SIZE),
            ("width", self.width, 1, MAX_PIXELS),
            ("height", self.height, 1, MAX_PIXELS),
            ("duration_ms", self.duration_ms, 0, MAX_DURATION_MS),
        ] {
            if number.is_some_and(|number| !(min..=max).contains(&number)) {
                refuse(field, format!("must be {min} to {max}"));
            }
        }
        if self.filename.as_deref().is_some_and(|name| name.contains(['/', '\\']) || matches!(name, "." | "..")) {
            refuse("filename", "must be a name without a path".to_owned());
        }
        if self.content_type.as_deref().is_some_and(|kind| !is_media_type(kind)) {
            refuse("content_type", "must be a media type without parameters, as image/png".to_owned());
        }
        if self.blurhash.as_deref().is_some_and(|hash| !is_blurhash(hash)) {
            refuse("blurhash", "must be a BlurHash".to_owned());
        }
        if let Some(voice) = &self.voice {
            if voice.waveform.len() > MAX_WAVEFORM {
                refuse("voice/waveform", format!("must have at most {MAX_WAVEFORM} points"));
            } else if voice.waveform.iter().any(|point| *point > MAX_LOUDNESS) {
                refuse("voice/waveform", format!("must have points from 0 to {MAX_LOUDNESS}"));
            }
        }
        let name = self.filename.as_deref();
        check_text("file/filename", TextKind::Line, name, (1, MAX_NAME_CHARACTERS), errors);
        check_mxc("file/content_uri", Some(&self.content_uri), errors);
        check_mxc("file/thumbnail_uri", self.thumbnail_uri.as_deref(), errors);
    }
}

/// Whether a text is a media type without parameters (RFC 6838, section 4.2), in small letters.
pub(super) fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        let of_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$&-^_.+".contains(&b);
        name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) && name.bytes().all(of_name)
    };
    text.len() <= MAX_TYPE_CHARACTERS && text.split_once('/').is_some_and(|(kind, sub)| is_name(kind) && is_name(sub))
}

/// Whether a text is made of the digits of a BlurHash, and as long as one.
pub(super) fn is_blurhash(text: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_alphanumeric() || b"#$%*+,-.:;=?@[]^_{|}~".contains(&b);
    (6..=MAX_BLURHASH_CHARACTERS).contains(&text.len()) && text.bytes().all(is_digit)
}
