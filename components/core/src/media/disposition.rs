//! Names of files, as they come and as they go (RFC 6266).

use crate::file::last_part;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The longest name, in bytes: as most file systems have it.
const MAX_NAME_BYTES: usize = 255;
/// What a file without a name is called.
const NAMELESS: &str = "file";

/// What RFC 8187 has as `attr-char` stays, the rest is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// A file's name as it may be shown and saved: the last part of a path, without what cannot be seen or turns the direction,
/// 255 bytes at most. A long one keeps its ending.
pub fn clean_filename(name: Option<&str>) -> String {
    // No character has less than a byte.
    match name.and_then(|name| last_part(name, MAX_NAME_BYTES)) {
        Some(name) => shortened(&name),
        None => NAMELESS.to_owned(),
    }
}

fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name.to_owned();
    }
    let ending =
        name.rfind('.').and_then(|dot| name.get(dot..)).filter(|ending| ending.len() <= 16).unwrap_or_default();
    let mut end = MAX_NAME_BYTES.saturating_sub(ending.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", name.get(..end).unwrap_or_default().trim_end())
}

/// `Content-Disposition`. The name comes twice: in ASCII for old clients, and as it is.
pub fn disposition(is_inline: bool, name: Option<&str>) -> String {
    let kind = if is_inline { "inline" } else { "attachment" };
    let Some(name) = name else { return kind.to_owned() };
    let name = clean_filename(Some(name));
    let is_plain = |c: char| c.is_ascii() && !c.is_ascii_control() && !matches!(c, '"' | '\\' | '%');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(&name, ENCODED))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_the_last_part_of_a_path_and_can_be_seen() {
        for (given, name) in [
            ("voice.ogg", "voice.ogg"),
            ("Фото 1.png", "Фото 1.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\x.doc", "x.doc"),
            ("a\u{202e}gnp.exe", "agnp.exe"),
            ("a\r\nSet-Cookie: x", "a  Set-Cookie: x"),
            ("a\0b", "a\u{fffd}b"),
            ("..", NAMELESS),
            ("...", NAMELESS),
            ("a/", "a"),
            ("a/..", NAMELESS),
            ("/", NAMELESS),
            ("", NAMELESS),
            ("\u{200b}", NAMELESS),
        ] {
            assert_eq!(clean_filename(Some(given)), name, "{given:?}");
        }
        assert_eq!(clean_filename(None), NAMELESS);
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let name = clean_filename(Some(&format!("{}.png", "ф".repeat(250))));
        assert!(name.len() <= 255 && name.ends_with("ф.png"), "{name}");
    }

    #[test]
    fn a_name_goes_as_ascii_and_as_it_is() {
        let header = disposition(true, Some("Фото \"1\".png"));
        let encoded = "%D0%A4%D0%BE%D1%82%D0%BE%20%221%22.png";
        assert_eq!(header, format!("inline; filename=\"____ _1_.png\"; filename*=UTF-8''{encoded}"));
        assert_eq!(disposition(false, None), "attachment");
    }

    proptest! {
        #[test]
        fn no_name_breaks_out_of_its_header(name in ".{0,400}") {
            let header = disposition(false, Some(&name));
            prop_assert!(header.bytes().all(|b| (0x20..=0x7e).contains(&b)));
            prop_assert_eq!(header.matches('"').count(), 2);
            prop_assert!(header.starts_with("attachment; filename=\""));
        }

        #[test]
        fn a_clean_name_stays(name in ".{0,400}") {
            let clean = clean_filename(Some(&name));
            prop_assert!(clean.len() <= 255 && !clean.contains(['/', '\\']));
            prop_assert_eq!(clean_filename(Some(&clean)), clean);
        }
    }
}
