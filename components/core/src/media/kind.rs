//! What a file is, by its first bytes: what somebody declares counts only when it agrees.

use super::markup::{has_markup, is_text};
use infer::MatcherType;
use std::borrow::Cow;

/// How many bytes of a file are looked at: enough for the size of a picture behind what cameras write before it.
pub const HEAD_BYTES: usize = 128 * 1024;
/// A picture with more pixels is none that is shown: unpacked it fills a reader's memory.
const MAX_PIXELS: usize = 64_000_000;
/// What nobody knows.
const UNKNOWN: &str = "application/octet-stream";
const PLAIN: &str = "text/plain";

/// Which media types one beginning may have. All are types that a page may show (Matrix specification, "Content repository",
/// "Serving inline content").
const FAMILIES: [&[&str]; 12] = [
    &["image/jpeg"],
    &["image/gif"],
    &["image/png", "image/apng"],
    &["image/webp"],
    &["image/avif"],
    &["video/mp4", "audio/mp4", "video/quicktime"],
    &["video/webm", "audio/webm"],
    &["audio/ogg", "video/ogg"],
    &["audio/mpeg"],
    &["audio/aac"],
    &["audio/wav", "audio/wave", "audio/x-wav", "audio/x-pn-wav"],
    &["audio/flac", "audio/x-flac"],
];
/// Text that a page may show, of the same list.
const SAFE_TEXTS: [&str; 5] = ["text/plain", "text/css", "text/csv", "application/json", "application/ld+json"];

/// What `infer` counts among archives, where programs for players are as well, and may be told to a reader that saves it.
const PACKED: [&str; 8] = [
    "application/pdf",
    "application/rtf",
    "application/zip",
    "application/gzip",
    "application/x-tar",
    "application/x-bzip2",
    "application/x-7z-compressed",
    "application/zstd",
];

/// The name that the specification has for a type, where `infer` has another.
fn specified(found: &'static str) -> &'static str {
    match found {
        "audio/m4a" => "audio/mp4",
        "video/x-m4v" => "video/mp4",
        "audio/opus" => "audio/ogg",
        "audio/x-wav" => "audio/wav",
        "audio/x-flac" => "audio/flac",
        other => other,
    }
}

fn family(name: &str) -> Option<&'static [&'static str]> {
    FAMILIES.into_iter().find(|names| names.contains(&name))
}

/// A media type without its parameters, in lower case (RFC 9110, section 8.3.1); `None` when it is none.
fn essence(declared: Option<&str>) -> Option<String> {
    let essence = declared?.split(';').next()?.trim().to_ascii_lowercase();
    let is_token =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let (kind, subtype) = essence.split_once('/')?;
    (is_token(kind) && is_token(subtype) && essence.len() <= 127).then_some(essence)
}

/// What kind of picture the first bytes are of, by its media type; `None` when they are of none.
pub fn picture_type(head: &[u8]) -> Option<&'static str> {
    infer::get(head).map(|kind| specified(kind.mime_type())).filter(|name| name.starts_with("image/"))
}

/// Whether a type is one of text, so that bytes that are text may be declared as it.
fn is_of_text(essence: &str) -> bool {
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || matches!(
            essence,
            "application/json"
                | "application/xml"
                | "application/javascript"
                | "application/yaml"
                | "application/toml"
                | "application/sql"
        )
}

/// The type of a file that is uploaded; `head` is its first bytes, [`HEAD_BYTES`] or all of them.
pub fn content_type(declared: Option<&str>, head: &[u8]) -> String {
    let declared = essence(declared);
    let agrees = |fits: &dyn Fn(&str) -> bool| declared.clone().filter(|declared| fits(declared));
    if let Some(kind) = infer::get(head) {
        let mime = specified(kind.mime_type());
        if let Some(names) = family(mime) {
            return agrees(&|declared| names.contains(&declared)).unwrap_or_else(|| mime.to_owned());
        }
        // Office documents, books and packages are archives with a name of their own.
        let is_zip = mime == "application/zip";
        let of_zip = |declared: &str| {
            is_zip
                && (declared.starts_with("application/vnd.openxmlformats-")
                    || declared.starts_with("application/vnd.oasis."))
        };
        // A page in a declared document of XML, as drawings are.
        let of_xml = |declared: &str| kind.matcher_type() == MatcherType::Text && declared.ends_with("+xml");
        return agrees(&|declared| of_zip(declared) || of_xml(declared)).unwrap_or_else(|| mime.to_owned());
    }
    if !is_text(head) {
        return UNKNOWN.to_owned();
    }
    agrees(&is_of_text).unwrap_or_else(|| PLAIN.to_owned())
}

/// How content goes to a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// `Content-Type`.
    pub content_type: Cow<'static, str>,
    /// Whether a page may show it; else it is to be saved.
    pub is_inline: bool,
}

/// How content goes to a reader: `declared` is what its uploader said. In doubt it is to be saved, as bytes of no kind.
pub fn served(declared: Option<&str>, head: &[u8]) -> Served {
    let unknown = Served { content_type: UNKNOWN.into(), is_inline: false };
    let Some(declared) = essence(declared) else { return unknown };
    let Some(kind) = infer::get(head) else {
        let safe = SAFE_TEXTS.into_iter().find(|safe| *safe == declared);
        return match safe.filter(|_| is_text(head) && !has_markup(head)) {
            Some(safe) => Served { content_type: format!("{safe}; charset=utf-8").into(), is_inline: true },
            None => unknown,
        };
    };
    if has_markup(head) || matches!(kind.matcher_type(), MatcherType::App | MatcherType::Text | MatcherType::Custom) {
        return unknown;
    }
    match family(specified(kind.mime_type())) {
        Some(names) => {
            let Some(name) = names.iter().copied().find(|name| *name == declared) else { return unknown };
            let is_inline = !name.starts_with("image/") || is_modest(head);
            Served { content_type: name.into(), is_inline }
        }
        // Archives, documents and rare pictures: saved, as what both say that they are.
        None if kind.mime_type() == declared
            && (kind.matcher_type() != MatcherType::Archive || PACKED.contains(&kind.mime_type())) =>
        {
            Served { content_type: kind.mime_type().into(), is_inline: false }
        }
        None => unknown,
    }
}

/// Whether a picture has a size, and unpacks to no more than a screen or two can show.
fn is_modest(head: &[u8]) -> bool {
    let pixels = |size: imagesize::ImageSize| size.width.saturating_mul(size.height);
    imagesize::blob_size(head).is_ok_and(|size| (1..=MAX_PIXELS).contains(&pixels(size)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png.extend(b"\x08\x06\0\0\0\0\0\0\0");
        png
    }

    #[test]
    fn what_is_declared_counts_when_it_agrees() {
        let ogg = b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x01";
        let docx = b"PK\x03\x04\x14\0\0\0\0\0";
        for (declared, head, kind) in [
            (Some("image/png"), &*png(1, 1), "image/png"),
            (Some("Image/APNG; q=1"), &png(1, 1), "image/apng"),
            (Some("image/jpeg"), &png(1, 1), "image/png"),
            (None, &png(1, 1), "image/png"),
            (Some("audio/ogg; codecs=opus"), ogg, "audio/ogg"),
            (Some("video/ogg"), ogg, "video/ogg"),
            (None, ogg, "audio/ogg"),
            (Some("application/vnd.oasis.opendocument.text"), docx, "application/vnd.oasis.opendocument.text"),
            (Some("image/png"), docx, "application/zip"),
            (Some("image/png"), b"<html><script>1</script>", "text/html"),
            (Some("image/svg+xml"), b"<?xml version='1.0'?><svg/>", "image/svg+xml"),
            (Some("image/svg+xml"), b"<svg/>", "image/svg+xml"),
            (Some("image/png"), b"hello", "text/plain"),
            (Some("text/csv"), b"a,b\n1,2\n", "text/csv"),
            (Some("application/json"), b"{}", "application/json"),
            (None, b"hello", "text/plain"),
            (Some("text/plain"), b"\0\x01\x02", UNKNOWN),
            (Some("image/png"), b"\0\x01\x02", UNKNOWN),
            (Some("not a type"), b"", "text/plain"),
        ] {
            assert_eq!(content_type(declared, head), kind, "{declared:?} {head:?}");
        }
    }

    #[test]
    fn a_page_shows_only_what_is_safe_and_agrees() {
        let shows = |declared: &str, head: &[u8]| served(Some(declared), head);
        assert_eq!(shows("image/png", &png(2000, 1000)), Served { content_type: "image/png".into(), is_inline: true });
        assert_eq!(shows("text/plain", "Привіт".as_bytes()).content_type, "text/plain; charset=utf-8");
        assert!(shows("text/plain", b"hello").is_inline);
        let unknown = Served { content_type: UNKNOWN.into(), is_inline: false };
        for (declared, head) in [
            ("image/jpeg", png(1, 1)),
            ("text/html", b"<html>".to_vec()),
            ("text/plain", b"x<script>alert(1)</script>".to_vec()),
            ("text/plain", b"\0\x01".to_vec()),
            ("image/svg+xml", b"<svg onload='alert(1)'/>".to_vec()),
            ("image/png", [png(1, 1), b"<script>alert(1)</script>".to_vec()].concat()),
            ("text/javascript", b"alert(1)".to_vec()),
            ("application/x-executable", b"\x7fELF\x02\x01\x01".to_vec()),
            ("application/x-shockwave-flash", b"CWS\x0a\0\0\0\0".to_vec()),
            ("", png(1, 1)),
        ] {
            assert_eq!(shows(declared, &head), unknown, "{declared}");
        }
        assert!(!served(None, &png(1, 1)).is_inline);
        let pdf = shows("application/pdf", b"%PDF-1.7\n");
        assert_eq!(pdf, Served { content_type: "application/pdf".into(), is_inline: false });
    }

    #[test]
    fn a_picture_that_fills_the_memory_is_not_shown() {
        for (width, height) in [(50_000, 50_000), (u32::MAX, u32::MAX), (0, 1), (1, 0)] {
            assert!(!served(Some("image/png"), &png(width, height)).is_inline, "{width} x {height}");
        }
        assert!(!served(Some("image/png"), b"\x89PNG\r\n\x1a\n").is_inline, "a picture without a size");
        assert!(!served(Some("image/jpeg"), b"\xff\xd8\xff\xe0\0\x10JFIF").is_inline, "a picture without a size");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            beginning in proptest::sample::select(vec![
                &b""[..], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8", b"\0\0\0\x1cftypavif", b"PK\x03\x04",
                b"\0\0\0\x18ftypmp42", b"\x1a\x45\xdf\xa3", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"OggS", b"%PDF-", b"<?xml", b"{\\rtf", b"II*\0",
            ]),
            rest in proptest::collection::vec(any::<u8>(), 0..600),
            declared in "[a-z]{0,5}/?[a-z+]{0,9}",
        ) {
            let head = [beginning, &rest].concat();
            let kind = content_type(Some(&declared), &head);
            prop_assert!(kind.is_ascii());
            for declared in [&*declared, &*kind] {
                let _ = served(Some(declared), &head);
            }
        }
    }
}
