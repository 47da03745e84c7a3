//! Addresses in every spelling, none of which leads anywhere but to the public internet.

use super::*;

fn is_allowed(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| Networks::default().check_url(&url).is_ok())
}

/// Ways to write an IPv4 address as the host of a URL.
fn spellings(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let number = u32::from(address);
    let (high, low) = (number >> 16, number & 0xffff);
    let wide = |text: &str| -> String {
        text.chars()
            .map(|c| char::from_u32(u32::from(c) + 0xfee0).filter(|_| c.is_ascii_digit()).unwrap_or(c))
            .collect()
    };
    let plain = address.to_string();
    let escaped: String = plain.bytes().map(|byte| format!("%{byte:02x}")).collect();
    vec![
        plain.clone(),
        format!("{plain}."),
        format!("{number}"),
        format!("{number:#x}"),
        format!("{number:#o}").replace("0o", "0"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("0{a:o}.{b:#x}.{}", u32::from(c) << 8 | u32::from(d)),
        format!("{a}.{}", number & 0xff_ffff),
        wide(&plain),
        plain.replace('.', "。"),
        escaped,
        format!("[::ffff:{plain}]"),
        format!("[::ffff:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{plain}]"),
        format!("[::{plain}]"),
        format!("[::ffff:0:{plain}]"),
        format!("[64:ff9b::{plain}]"),
        format!("[64:ff9b:1::{plain}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
        format!("[2001:0:{high:x}:{low:x}:0:0:0:1]"),
        format!("[2001:0:0:0:0:0:{:x}:{:x}]", high ^ 0xffff, low ^ 0xffff),
        format!("[fe80::5efe:{plain}]"),
    ]
}

const INSIDE: [Ipv4Addr; 20] = [
    Ipv4Addr::new(0, 0, 0, 0),
    Ipv4Addr::new(0, 1, 2, 3),
    Ipv4Addr::new(10, 0, 0, 1),
    Ipv4Addr::new(100, 64, 0, 1),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(127, 0, 0, 1),
    Ipv4Addr::new(127, 255, 255, 254),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(172, 16, 0, 1),
    Ipv4Addr::new(172, 31, 255, 255),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(192, 0, 2, 1),
    Ipv4Addr::new(192, 88, 99, 1),
    Ipv4Addr::new(192, 168, 1, 1),
    Ipv4Addr::new(198, 19, 255, 255),
    Ipv4Addr::new(203, 0, 113, 7),
    Ipv4Addr::new(224, 0, 0, 251),
    Ipv4Addr::new(240, 0, 0, 1),
    Ipv4Addr::new(255, 255, 255, 255),
];

/// Hosts that need no IPv4 address to be forbidden.
const HOSTS: [&str; 26] = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "metadata",
    "postgres",
    "ws-relay",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:0:0]",
    "[100::1]",
    "[2001::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:db8::1]",
    "[2620:4f:8000::1]",
    "[3fff::1]",
    "[4000::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[64:ff9b::]",
];

/// Whole addresses that are forbidden whatever host they name.
const URLS: [&str; 25] = [
    "http://user@example.org/",
    "http://user:password@example.org/",
    "http://:password@example.org/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1#@example.org/",
    "http://127.0.0.1?@example.org/",
    "http://example.org:22/",
    "http://example.org:0/",
    "http://example.org:8080/",
    "http://example.org:8443/",
    "http://example.org:65535/",
    "https://example.org:5432/",
    "https://example.org:6443/",
    "file:///etc/passwd",
    "file://example.org/etc/passwd",
    "ftp://example.org/",
    "gopher://example.org:80/",
    "ws://example.org/",
    "wss://example.org/",
    "data:text/html,<title>x</title>",
    "javascript:alert(1)",
    "blob:http://example.org/x",
    "unix:///var/run/docker.sock",
    "http:///",
    "http://",
];

/// The corpus: more than 200 addresses of which none is allowed.
pub fn corpus() -> Vec<String> {
    let hosts = INSIDE.into_iter().flat_map(spellings).chain(HOSTS.map(str::to_owned));
    let urls = hosts.flat_map(|host| [format!("http://{host}/"), format!("https://{host}/latest/meta-data/")]);
    urls.chain(URLS.map(str::to_owned)).collect()
}

#[test]
fn no_address_of_the_corpus_is_allowed() {
    let corpus = corpus();
    assert!(corpus.len() >= 200, "{}", corpus.len());
    let allowed: Vec<_> = corpus.iter().filter(|url| is_allowed(url)).collect();
    assert!(allowed.is_empty(), "{allowed:?}");
}

#[test]
fn the_public_internet_is_allowed() {
    for url in [
        "http://example.org/",
        "https://example.org:443/",
        "http://example.org:80/x?y",
        "https://xn--80aikifvh.xn--j1amh/",
        "http://93.184.215.14/",
        "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/",
        // What an IPv6 network without IPv4 makes of a public address.
        "http://[64:ff9b::93.184.215.14]/",
        "http://[::ffff:93.184.215.14]/",
        "http://223.255.255.255/",
        "http://172.32.0.1/",
        "http://100.128.0.1/",
        "http://9.255.255.255/",
    ] {
        assert!(is_allowed(url), "{url}");
    }
}

#[test]
fn every_network_is_forbidden_from_its_first_address_to_its_last() {
    for (network, length) in FORBIDDEN_V4 {
        let first = u32::from(network);
        let last = first | u32::MAX.checked_shr(length).unwrap_or(0);
        for address in [first, last, first + (last - first) / 2] {
            assert!(check_address(Ipv4Addr::from(address).into()).is_err(), "{}", Ipv4Addr::from(address));
        }
    }
    for (network, length) in FORBIDDEN_V6 {
        let first = u128::from(network);
        let last = first | u128::MAX.checked_shr(length).unwrap_or(0);
        for address in [first, last] {
            assert!(check_address(Ipv6Addr::from(address).into()).is_err(), "{}", Ipv6Addr::from(address));
        }
        assert!(check_address(Ipv6Addr::from(last + 1).into()).is_ok() || length == 23, "{network}");
    }
}

#[test]
fn networks_that_are_inside_can_be_named() {
    let networks = Networks::parse("5.6.0.0/16, 2a01:4f8::/32,9.9.9.9,2a02::1").unwrap();
    for (address, is_inside) in [
        ("5.6.0.0", true),
        ("5.6.255.255", true),
        ("5.5.255.255", false),
        ("5.7.0.0", false),
        ("9.9.9.9", true),
        ("9.9.9.10", false),
        ("[::ffff:5.6.7.8]", true),
        ("[64:ff9b::5.6.7.8]", true),
        ("[64:ff9b::5.7.7.8]", false),
        ("[2a01:4f8::1]", true),
        ("[2a01:4f8:ffff:ffff:ffff:ffff:ffff:ffff]", true),
        ("[2a01:4f9::1]", false),
        ("[2a02::1]", true),
        ("[2a02::2]", false),
    ] {
        let url = Url::parse(&format!("https://{address}/")).unwrap();
        assert!(is_allowed(url.as_str()), "{address}");
        assert_eq!(networks.check_url(&url).is_err(), is_inside, "{address}");
    }
    let all = Networks::parse("0.0.0.0/0,::/0").unwrap();
    for url in ["http://93.184.215.14/", "http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/"] {
        assert!(all.check_url(&Url::parse(url).unwrap()).is_err(), "{url}");
    }
}
