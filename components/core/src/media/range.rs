//! Parts of content, and whether somebody has it already (RFC 9110, sections 13 and 14).

/// What of a representation is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// All of it.
    Whole,
    /// From one byte to another, both included.
    Part(u64, u64),
    /// What it does not have.
    Unsatisfiable,
}

/// What `Range` asks for of so many bytes. Several ranges, another unit, and what is none are as no header at all, which the
/// section 14.2 allows.
pub fn asked(range: Option<&str>, length: u64) -> Asked {
    let Some(spec) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else { return Asked::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Asked::Whole };
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        // A number that no content reaches is as good as the largest one.
        is_number.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (first, last) {
        ("", last) => match number(last) {
            None => Asked::Whole,
            Some(0) => Asked::Unsatisfiable,
            Some(_) if length == 0 => Asked::Unsatisfiable,
            Some(count) => Asked::Part(length.saturating_sub(count), length - 1),
        },
        (first, last) => {
            let Some(first) = number(first) else { return Asked::Whole };
            let last = match last {
                "" => u64::MAX,
                last => match number(last) {
                    Some(last) if last >= first => last,
                    _ => return Asked::Whole,
                },
            };
            if first >= length { Asked::Unsatisfiable } else { Asked::Part(first, last.min(length - 1)) }
        }
    }
}

/// Whether `If-None-Match` names the entity tag (section 13.1.2): compared weakly.
pub fn matches_etag(header: Option<&str>, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    header.is_some_and(|header| header.trim() == "*" || header.split(',').any(|tag| opaque(tag) == etag))
}

/// Whether a `Range` holds beside this `If-Range` (section 13.1.5): compared strongly; a date is none of this content.
pub fn may_be_range(if_range: Option<&str>, etag: &str) -> bool {
    if_range.is_none_or(|header| header.trim() == etag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_single_range_is_a_part() {
        for (range, of_ten) in [
            ("bytes=0-0", Asked::Part(0, 0)),
            ("bytes=2-", Asked::Part(2, 9)),
            ("bytes=2-100", Asked::Part(2, 9)),
            ("bytes=-3", Asked::Part(7, 9)),
            ("bytes=-30", Asked::Part(0, 9)),
            ("bytes=9-99999999999999999999999", Asked::Part(9, 9)),
            ("bytes=10-", Asked::Unsatisfiable),
            ("bytes=99999999999999999999999-", Asked::Unsatisfiable),
            ("bytes=-0", Asked::Unsatisfiable),
        ] {
            assert_eq!(asked(Some(range), 10), of_ten, "{range}");
        }
        assert_eq!(asked(Some("bytes=0-"), 0), Asked::Unsatisfiable);
        assert_eq!(asked(Some("bytes=-1"), 0), Asked::Unsatisfiable);
        assert_eq!(asked(None, 0), Asked::Whole);
    }

    #[test]
    fn what_is_no_single_range_is_ignored() {
        for range in
            ["", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "lines=0-1", "bytes=+1-2"]
        {
            assert_eq!(asked(Some(range), 10), Asked::Whole, "{range}");
        }
    }

    #[test]
    fn an_entity_tag_is_found_in_a_list() {
        for header in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*", " * "] {
            assert!(matches_etag(Some(header), "\"a\""), "{header}");
        }
        for header in ["a", "\"b\"", ""] {
            assert!(!matches_etag(Some(header), "\"a\""), "{header}");
        }
        assert!(may_be_range(None, "\"a\"") && may_be_range(Some("\"a\""), "\"a\""));
        assert!(
            !may_be_range(Some("W/\"a\""), "\"a\"") && !may_be_range(Some("Thu, 01 Jan 1970 00:00:00 GMT"), "\"a\"")
        );
    }

    proptest! {
        #[test]
        fn a_part_is_inside(range in "bytes=[0-9]{0,22}-[0-9]{0,22}", length in 0..100u64) {
            match asked(Some(&range), length) {
                Asked::Part(first, last) => prop_assert!(first <= last && last < length),
                Asked::Whole | Asked::Unsatisfiable => {}
            }
        }
    }
}
