//! The links of a text.

use url::Url;

/// How many links of a message show what they are.
pub const MAX_LINKS: usize = 3;
/// The longest link, in bytes of its canonical form, which an index can hold.
pub const MAX_URL_BYTES: usize = 2_000;
/// How many addresses of a text are looked at. What is behind them is no link.
const MAX_CANDIDATES: usize = 20;
/// The longest text of an address that is read: what is longer is no link.
const MAX_CANDIDATE_BYTES: usize = 4 * MAX_URL_BYTES;

/// The first links of a text, each once: `http` and `https` addresses in their canonical form (WHATWG URL), without their
/// fragments, which a server is never told. One with a user or a password in it is none.
pub fn links(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut rest = text;
    let mut before = None;
    for _ in 0..MAX_CANDIDATES {
        let Some((skipped, candidate, behind)) = next(rest, before) else { break };
        before = skipped.chars().next_back().or(before);
        rest = behind;
        if let Some(link) = canonical(candidate).filter(|link| !found.contains(link)) {
            found.push(link);
        }
        before = candidate.chars().next_back().or(before);
        if found.len() == MAX_LINKS {
            break;
        }
    }
    found
}

/// What is in front of the next address, the address, and what is behind it. `before` is the character in front of the text.
fn next(text: &str, before: Option<char>) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + position(text.get(from..)?)?;
        let in_front = text.get(..at)?.chars().next_back().or(before.filter(|_| at == 0));
        // In `xhttp://` the scheme is another one.
        if in_front.is_some_and(|c| c.is_alphanumeric() || matches!(c, '+' | '-' | '.')) {
            from = at + "http".len();
            continue;
        }
        let tail = text.get(at..)?;
        let end = tail.find(ends).unwrap_or(tail.len());
        let address = trimmed(tail.get(..end)?);
        return Some((text.get(..at)?, address, tail.get(address.len().max("http".len())..)?));
    }
}

/// Where an address may begin.
fn position(text: &str) -> Option<usize> {
    let begins = |at: usize| {
        let rest = text.as_bytes().get(at..)?;
        let is = |scheme: &[u8]| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        (is(b"http://") || is(b"https://")).then_some(at)
    };
    text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'h' | b'H')).find_map(|(at, _)| begins(at))
}

/// Characters that no address has, as people write it in a text.
fn ends(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '«' | '»' | '“' | '”' | '„')
}

/// Without the punctuation of the sentence around it: a closing bracket belongs to the address when it has the opening one.
fn trimmed(address: &str) -> &str {
    let mut kept = address;
    while let Some(last) = kept.chars().next_back() {
        let opening = match last {
            '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '’' | '*' | '_' | '~' | '|' | '…' => None,
            ')' => Some('('),
            ']' => Some('['),
            '}' => Some('{'),
            _ => break,
        };
        let count = |c: char| kept.matches(c).count();
        if opening.is_some_and(|opening| count(opening) >= count(last)) {
            break;
        }
        kept = kept.strip_suffix(last).unwrap_or_default();
    }
    kept
}

fn canonical(address: &str) -> Option<String> {
    if address.len() > MAX_CANDIDATE_BYTES {
        return None;
    }
    let mut url = Url::parse(address).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none() && !has_userinfo(address);
    if !is_plain || !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    url.set_fragment(None);
    let link = String::from(url);
    (link.len() <= MAX_URL_BYTES && link.bytes().all(|b| b.is_ascii_graphic())).then_some(link)
}

/// Whether something stands in front of the host, even if it is empty: `http://@host/`.
fn has_userinfo(address: &str) -> bool {
    let behind = address.split_once(':').map_or("", |(_, behind)| behind).trim_start_matches(['/', '\\']);
    let authority = behind.split(['/', '\\', '?', '#']).next().unwrap_or_default();
    authority.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_found_in_what_people_write() {
        for (text, expected) in [
            ("see https://example.org/a.", vec!["https://example.org/a"]),
            (
                "(https://uk.wikipedia.org/wiki/Київ_(значення))",
                vec![
                    "https://uk.wikipedia.org/wiki/%D0%9A%D0%B8%D1%97%D0%B2_(%D0%B7%D0%BD%D0%B0%D1%87%D0%B5%D0%BD%D0%BD%D1%8F)",
                ],
            ),
            ("<https://example.org/x>", vec!["https://example.org/x"]),
            ("[name](https://example.org/x)", vec!["https://example.org/x"]),
            ("«https://example.org/x»", vec!["https://example.org/x"]),
            ("HTTPS://EXAMPLE.ORG:443/A?b=c#d", vec!["https://example.org/A?b=c"]),
            ("http://приклад.укр/", vec!["http://xn--80aikifvh.xn--j1amh/"]),
            ("https://a.example https://a.example/ https://a.example/#x", vec!["https://a.example/"]),
            ("http://1 http://a.example:8080/", vec!["http://0.0.0.1/", "http://a.example:8080/"]),
            (
                "one https://a.example,two https://b.example! https://c.example https://d.example",
                vec!["https://a.example,two/", "https://b.example/", "https://c.example/"],
            ),
            ("https://a.example/x?u=https://b.example/", vec!["https://a.example/x?u=https://b.example/"]),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            let found = links(text);
            if text.starts_with("one") {
                // A comma may be in a host's place only by mistake: the parser refuses or takes it, never more than three.
                assert!(found.len() <= MAX_LINKS && found.contains(&"https://b.example/".to_owned()), "{found:?}");
                continue;
            }
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_link_is_none() {
        for text in [
            "",
            "http://",
            "https://",
            "http:// a",
            "example.org",
            "xhttp://example.org",
            "view-source+https://example.org",
            "ftp://example.org file:///etc/passwd javascript:alert(1) data:text/html,x",
            "https://user@example.org/",
            "https://user:password@example.org/",
            "https://@example.org/",
            "https:\\\\user@example.org\\",
            "https://exa mple",
            "https://[::1",
        ] {
            let found = links(text);
            assert!(found.iter().all(|link| link == "https://exa/"), "{text}: {found:?}");
        }
        assert!(links(&format!("https://example.org/{}", "a".repeat(MAX_URL_BYTES))).is_empty());
    }

    #[test]
    fn a_flood_is_looked_at_up_to_a_bound() {
        let flood = "https://user@x.example/ ".repeat(10_000) + "https://a.example/";
        assert!(links(&flood).is_empty());
        let long = "https://".repeat(100_000);
        assert!(links(&long).len() <= MAX_LINKS);
        assert!(links(&("h".repeat(1_000_000) + "ttp://")).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_the_text_links_are_bounded_and_canonical(text in "\\PC{0,200}|(https?://[a-zа-я@:./\\\\\\[\\]%#?() 0-9]{0,40} ?){0,6}") {
            let found = links(&text);
            prop_assert!(found.len() <= MAX_LINKS);
            for link in &found {
                prop_assert!(link.len() <= MAX_URL_BYTES && link.bytes().all(|b| b.is_ascii_graphic()));
                let url = Url::parse(link).unwrap();
                prop_assert!(matches!(url.scheme(), "http" | "https") && url.fragment().is_none());
                prop_assert!(url.username().is_empty() && url.password().is_none());
                prop_assert_eq!(url.as_str(), link.as_str());
            }
        }
    }
}
