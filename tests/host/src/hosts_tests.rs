//! What an entry of `allowed_outbound_hosts` lets through.

use super::*;

fn variables(toml: &str) -> Variables {
    Variables::resolve(&toml::from_str(toml).unwrap(), |_| None).unwrap()
}

fn allowed(entries: &[&str]) -> AllowedHosts {
    let entries: Vec<_> = entries.iter().map(|entry| (*entry).to_owned()).collect();
    AllowedHosts::parse(&entries, &variables(""), &["one", "two"]).unwrap()
}

fn refused(entry: &str) -> bool {
    AllowedHosts::parse(&[entry.to_owned()], &variables(""), &[]).is_err()
}

#[test]
fn nothing_is_allowed_by_default() {
    let hosts = allowed(&[]);
    assert!(!hosts.allow("http://localhost", "https"));
    assert!(!hosts.allow_own());
}

#[test]
fn scheme_host_and_port_have_to_match() {
    let hosts = allowed(&["http://localhost:8080", "https://example.com"]);
    for (address, expected) in [
        ("http://localhost:8080/a/b?c", true),
        ("http://LOCALHOST:8080", true),
        ("http://localhost", false),
        ("https://localhost:8080", false),
        ("https://example.com", true),
        ("https://example.com:443/", true),
        ("https://example.com:444", false),
        ("https://www.example.com", false),
        ("http://example.com", false),
        // No scheme: the caller's.
        ("example.com", true),
        ("https://user:p@ss@example.com/", true),
        ("https://user:pass@example.com/", true),
        ("http://localhost:8080@example.com", false),
        ("", false),
        ("http://", false),
    ] {
        assert_eq!(hosts.allow(address, "https"), expected, "{address}");
    }
}

#[test]
fn wildcards_stand_for_a_whole_part() {
    let any = allowed(&["*://*:*"]);
    assert!(any.allow("postgres://db:1", "postgres") && any.allow("http://a", "https") && any.allow_own());
    let below = allowed(&["https://*.example.com"]);
    assert!(below.allow("https://a.example.com", "https") && below.allow("https://a.b.example.com", "https"));
    assert!(!below.allow("https://example.com", "https") && !below.allow("https://badexample.com", "https"));
    let ports = allowed(&["http://localhost:8000..8002"]);
    assert!(ports.allow("http://localhost:8001", "http") && !ports.allow("http://localhost:8002", "http"));
    let network = allowed(&["http://127.0.0.0/24:*"]);
    assert!(network.allow("http://127.0.0.9:5", "http"));
    assert!(!network.allow("http://127.0.1.9:5", "http") && !network.allow("http://localhost:5", "http"));
    assert!(allowed(&["http://[::1]:80"]).allow("http://[::1]/", "http"));
}

#[test]
fn own_address_needs_to_be_named() {
    assert!(allowed(&["http://self"]).allow_own());
    assert!(!allowed(&["http://self"]).allow("http://self", "http"));
    assert!(!allowed(&["http://localhost"]).allow_own());
    assert!(!allowed(&["postgres://*"]).allow_own());
}

#[test]
fn databases_are_checked_without_their_scheme() {
    let hosts = allowed(&["postgres://localhost:5433", "postgres://db"]);
    assert!(hosts.allow("localhost:5433", "postgres"));
    assert!(hosts.allow("db", "postgres") && hosts.allow("db:5432", "postgres"));
    assert!(!hosts.allow("localhost", "postgres") && !hosts.allow("localhost:5432", "postgres"));
}

#[test]
fn chaining_is_allowed_by_name_or_to_every_component() {
    let one = allowed(&["http://one.spin.internal"]);
    assert!(one.allow("http://one.spin.internal/x", "https"));
    assert!(!one.allow("http://two.spin.internal/x", "https"));
    let every = allowed(&["http://*.spin.internal"]);
    assert!(every.allow("http://one.spin.internal", "https") && every.allow("http://two.spin.internal", "https"));
    assert!(!every.allow("http://three.spin.internal", "https"));
    assert_eq!(every.chained().collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn a_chained_host_is_a_component_and_the_domain() {
    assert_eq!(chaining_target("one.spin.internal"), Some("one"));
    assert_eq!(chaining_target("one.spin.internal:80"), Some("one"));
    for other in ["spin.internal", "a.b.spin.internal", "one.spin.internal.com", "localhost"] {
        assert_eq!(chaining_target(other), None, "{other}");
    }
}

#[test]
fn templates_are_filled_in_and_empty_ones_skipped() {
    let variables = variables("url = { default = 'http://hs:8008' }\nhost = { default = '' }");
    let entry = |text: &str| AllowedHosts::parse(&[text.to_owned()], &variables, &[]);
    assert!(entry("{{ url }}").unwrap().allow("http://hs:8008/x", "https"));
    assert!(entry("{{ host }}").unwrap().0.is_empty());
    assert!(entry("https://{{ host }}").unwrap().0.is_empty());
    assert!(entry("postgres://{{ host }}").is_err());
    assert!(entry("{{ other }}").is_err());
    assert!(entry("").is_err());
}

#[test]
fn malformed_entries_are_refused() {
    for entry in [
        "*",
        "localhost",
        "localhost:80",
        "http://",
        "http://a/b",
        "http://a:80/b",
        "http://a:x",
        "http://a:70000",
        "http://a*b",
        "http://*.*.com",
        "http://*.127.0.0.1",
        "h2c://a",
        "gopher://a",
        "{http,https}://a",
        "insecure:allow-all",
    ] {
        assert!(refused(entry), "{entry}");
    }
    assert!(!refused("http://localhost:80/"));
    assert!(!refused("gopher://a:70"));
}
