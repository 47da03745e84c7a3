//! Content negotiation: conditional requests and content codings (RFC 9110, sections 8.8 and 12.5.3).

/// Whether an `Accept-Encoding` allows a coding (RFC 9110, section 12.5.3), named in lower case. Who says nothing gets the
/// content as it is, as people with a plain HTTP client expect.
pub fn takes(coding: &str, accept_encoding: Option<&str>) -> bool {
    let mut any = false;
    for item in accept_encoding.unwrap_or("").split(',') {
        let (named, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = weight.split_once('=').is_some_and(|(_, q)| q.trim().parse() == Ok(0.0_f32));
        let named = named.trim().to_ascii_lowercase();
        match named.as_str() {
            "*" => any = !refused,
            // Section 8.4.1.3: the same coding.
            "x-gzip" if coding == "gzip" => return !refused,
            _ if named == coding => return !refused,
            _ => {}
        }
    }
    any
}

/// Whether an `If-None-Match` names this entity tag (RFC 9110, section 13.1.2: weak and strong tags are compared alike).
pub fn names(if_none_match: &str, etag: &str) -> bool {
    if_none_match.split(',').map(str::trim).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_goes_to_those_who_name_it() {
        for yes in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.8", "*", "identity;q=0.5, *;q=0.1", "x-gzip"]
        {
            assert!(takes("gzip", Some(yes)), "{yes}");
        }
        for no in ["", "identity", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "notgzip", ";;=,=;"] {
            assert!(!takes("gzip", Some(no)), "{no}");
        }
        assert!(!takes("gzip", None));
    }

    #[test]
    fn brotli_likewise() {
        assert!(takes("br", Some("gzip, deflate, BR")) && takes("br", Some("*")));
        assert!(!takes("br", Some("gzip")) && !takes("br", Some("br;q=0, *")) && !takes("br", Some("x-gzip")));
    }

    #[test]
    fn a_tag_is_found_in_a_list() {
        for yes in ["\"a\"", "\"x\", \"a\"", "W/\"a\"", "*"] {
            assert!(names(yes, "\"a\""), "{yes}");
        }
        for no in ["", "a", "\"b\"", "\"a-gzip\""] {
            assert!(!names(no, "\"a\""), "{no}");
        }
    }
}
