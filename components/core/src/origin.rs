//! Origins of web pages (RFC 6454): which pages of other sites may use this service.

/// Whether a page of `origin` may ask. `list` is `CORS_ALLOW_ORIGINS`: origins with commas between them, `*` for every
/// one. In development mode, where no token protects anything, pages of this machine may ask as well, and no others:
/// any page that a developer happens to visit could else read what their stack holds.
pub fn is_allowed(origin: &str, list: Option<&str>, development: bool) -> bool {
    let listed = |list: &str| list.split(',').map(str::trim).any(|entry| entry == "*" || entry == origin);
    list.is_some_and(listed) || (development && is_local(origin))
}

/// Whether an origin is of this machine: a loopback address or a name below `localhost` (RFC 6761, section 6.3).
fn is_local(origin: &str) -> bool {
    let Some(authority) = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")) else {
        return false;
    };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_origins_may_ask_and_in_development_those_of_this_machine() {
        let list = Some("https://daarion.city, https://app.daarion.city");
        assert!(is_allowed("https://app.daarion.city", list, false));
        assert!(!is_allowed("https://app.daarion.city.example", list, false));
        assert!(!is_allowed("http://localhost:5173", list, false));
        assert!(!is_allowed("https://daarion.city", None, false));
        assert!(is_allowed("https://anywhere.example", Some("*"), false));
        for local in ["http://localhost", "http://localhost:5173", "http://127.0.0.1:3000", "https://[::1]:8443"] {
            assert!(is_allowed(local, None, true) && is_allowed(local, list, true), "{local}");
        }
        assert!(is_allowed("http://app.localhost:3000", None, true));
        assert!(is_allowed("https://daarion.city", list, true));
    }

    #[test]
    fn no_other_page_passes_for_one_of_this_machine() {
        for origin in [
            "null",
            "",
            "https://evil.example",
            "http://localhost.evil.example",
            "http://evil.example:80/localhost",
            "http://127.0.0.1.evil.example",
            "http://evillocalhost",
            "http://[::1].evil.example",
            "file://localhost",
            "http://localhost@evil.example",
        ] {
            assert!(!is_allowed(origin, None, true), "{origin}");
        }
    }
}
