//! What a browser might take for a page, wherever it stands: a picture with a page in it is no picture to trust.

/// What begins elements that only pages, or only dangerous ones, have; behind `<`.
const TAGS: [&[u8]; 18] = [
    b"!doctype",
    b"script",
    b"html",
    b"head",
    b"body",
    b"svg",
    b"iframe",
    b"frame",
    b"object",
    b"embed",
    b"style",
    b"meta",
    b"link",
    b"form",
    b"img",
    b"base",
    b"?php",
    b"!entity",
];

/// Whether bytes hold the beginning of a page, in any case of letters. In UTF-16 too: NUL bytes are looked over.
pub(super) fn has_markup(bytes: &[u8]) -> bool {
    let begins = |at: usize| {
        let behind = bytes.get(at + 1..).unwrap_or_default();
        let behind = behind.get(..32).unwrap_or(behind);
        let mut letters = [0_u8; 16];
        let mut count = 0;
        for (letter, byte) in letters.iter_mut().zip(behind.iter().filter(|byte| **byte != 0)) {
            *letter = byte.to_ascii_lowercase();
            count += 1;
        }
        let word = letters.get(..count).unwrap_or_default();
        TAGS.iter().any(|tag| {
            let next = word.get(tag.len());
            word.starts_with(tag) && next.is_none_or(|next| !next.is_ascii_alphanumeric())
        })
    };
    bytes.iter().enumerate().any(|(at, byte)| *byte == b'<' && begins(at))
}

/// Whether bytes are text in UTF-8, without control characters but white space. The last character may be cut.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => {
            bytes.get(..e.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_wherever_it_stands() {
        for page in [
            &b"<html>"[..],
            b"\x89PNG\r\n\x1a\n....<ScRiPt>alert(1)</script>",
            b"GIF89a/*<svg onload=alert(1)>",
            b"<!DOCTYPE html>",
            b"x<iframe\tsrc=x>",
            b"<\0h\0t\0m\0l\0>\0",
            b"\0<\0s\0c\0r\0i\0p\0t\0>",
            b"<script",
        ] {
            assert!(has_markup(page), "{page:?}");
        }
        for other in [&b""[..], b"<", b"a < b", b"<?xpacket begin=''?><x:xmpmeta>", b"<scripture>", b"<headline>"] {
            assert!(!has_markup(other), "{other:?}");
        }
    }

    #[test]
    fn text_is_what_one_can_read() {
        assert!(is_text(b"") && is_text("Привіт,\r\n\tсвіте".as_bytes()));
        assert!(is_text(&"ф".as_bytes()[..1]), "a cut character at the end");
        for binary in [&b"a\0b"[..], b"\xff\xfe", b"\x1b[31m", b"a\xffb"] {
            assert!(!is_text(binary), "{binary:?}");
        }
    }
}
