//! What Spin tells a component about its request, as headers behind those that the client sent.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail, ensure};
use http::{
    HeaderName, HeaderValue, Request, Uri,
    header::{CONNECTION, HOST},
    uri::{Authority, Scheme},
};

use crate::{hosts::chaining_target, routes::Found};

/// Takes away what must not reach a component: transport information, and a `Host` that would pass for a chained call.
pub fn strip<B>(request: &mut Request<B>) {
    let headers = request.headers_mut();
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if host.and_then(chaining_target).is_some() {
        headers.remove(HOST);
    }
    headers.remove(CONNECTION);
}

/// Makes the URI absolute, from the `Host` header.
///
/// # Errors
/// There is no authority, or two that differ. As in Spin, the connection ends then, without an answer.
pub fn make_absolute<B>(request: &mut Request<B>, scheme: Scheme) -> Result<()> {
    let from_header = match request.headers().get(HOST) {
        None => None,
        Some(host) => Some(host.to_str()?.parse::<Authority>()?),
    };
    let mut parts = request.uri().clone().into_parts();
    let authority = match (from_header, parts.authority.take()) {
        (None, None) => bail!("no 'Host' header present in request"),
        (Some(one), None) | (None, Some(one)) => one,
        (Some(one), Some(other)) => {
            ensure!(one == other, "authority in 'Host' header does not match authority in URI");
            one
        }
    };
    parts.scheme = Some(scheme);
    parts.authority = Some(authority);
    *request.uri_mut() = Uri::from_parts(parts)?;
    Ok(())
}

/// Appends the `spin-*` headers.
///
/// # Errors
/// A header of the client's is not UTF-8: Spin answers 500 then.
pub fn append<B>(request: &mut Request<B>, found: &Found, client: SocketAddr) -> Result<()> {
    for value in request.headers().values() {
        std::str::from_utf8(value.as_bytes()).context("a header is not UTF-8")?;
    }
    let host = match request.headers().get(HOST) {
        Some(host) => std::str::from_utf8(host.as_bytes())?,
        None => "localhost",
    };
    let uri = request.uri();
    let full_url = format!(
        "{}://{host}{}",
        uri.scheme_str().unwrap_or("http"),
        uri.path_and_query().map_or("", |path| path.as_str())
    );
    let fixed = [
        ("spin-path-info", found.path_info.clone()),
        ("spin-full-url", full_url),
        ("spin-matched-route", found.matched_route.clone()),
        ("spin-base-path", "/".to_owned()),
        ("spin-raw-component-route", found.raw_route.clone()),
        ("spin-component-route", found.component_route().to_owned()),
        ("spin-client-addr", client.to_string()),
    ];
    let headers = request.headers_mut();
    for (name, value) in fixed {
        headers.append(HeaderName::from_static(name), HeaderValue::try_from(value)?);
    }
    for (name, value) in &found.params {
        let name = format!("spin-path-match-{}", name.replace('_', "-"));
        // A parameter whose name makes no header name is left out.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.append(name, value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found {
            component: "room".to_owned(),
            raw_route: "/rooms/:room_id/...".to_owned(),
            matched_route: "/rooms/:room_id/...".to_owned(),
            path_info: "/x".to_owned(),
            params: vec![("room_id".to_owned(), "7".to_owned())],
        }
    }

    fn request(uri: &str) -> Request<()> {
        Request::builder().uri(uri).body(()).unwrap()
    }

    fn all<'a>(request: &'a Request<()>, name: &str) -> Vec<&'a str> {
        let values = request.headers().get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn they_come_behind_the_clients_own() {
        let mut request = request("/rooms/7/x?q=1");
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("example.com:81"));
        headers.insert("spin-client-addr", HeaderValue::from_static("forged"));
        headers.insert("spin-path-match-other", HeaderValue::from_static("kept"));
        make_absolute(&mut request, Scheme::HTTP).unwrap();
        append(&mut request, &found(), ([127, 0, 0, 1], 9).into()).unwrap();

        assert_eq!(request.uri(), "http://example.com:81/rooms/7/x?q=1");
        for (name, expected) in [
            ("spin-client-addr", ["forged", "127.0.0.1:9"].as_slice()),
            ("spin-full-url", &["http://example.com:81/rooms/7/x?q=1"]),
            ("spin-path-info", &["/x"]),
            ("spin-matched-route", &["/rooms/:room_id/..."]),
            ("spin-raw-component-route", &["/rooms/:room_id/..."]),
            ("spin-component-route", &["/rooms/:room_id"]),
            ("spin-base-path", &["/"]),
            ("spin-path-match-room-id", &["7"]),
            ("spin-path-match-other", &["kept"]),
        ] {
            assert_eq!(all(&request, name), expected, "{name}");
        }
    }

    #[test]
    fn the_authority_comes_from_the_host_header_or_the_uri_and_not_from_two() {
        assert!(make_absolute(&mut request("/a"), Scheme::HTTP).is_err());
        let mut absolute = request("http://a/b");
        make_absolute(&mut absolute, Scheme::HTTP).unwrap();
        assert_eq!(absolute.uri(), "http://a/b");
        absolute.headers_mut().insert(HOST, HeaderValue::from_static("c"));
        assert!(make_absolute(&mut absolute, Scheme::HTTP).is_err());
    }

    #[test]
    fn a_forged_chaining_host_and_connection_are_taken_away() {
        for (host, kept) in [("a.spin.internal", false), ("a.spin.internal:80", false), ("a.example.com", true)] {
            let mut request = request("/");
            request.headers_mut().insert(HOST, HeaderValue::from_static(host));
            request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            strip(&mut request);
            assert_eq!(request.headers().contains_key(HOST), kept, "{host}");
            assert!(!request.headers().contains_key(CONNECTION));
        }
    }

    #[test]
    fn a_header_that_is_not_utf8_is_an_error() {
        let mut request = request("http://a/");
        let value = HeaderValue::from_bytes(&[0xff]).unwrap();
        request.headers_mut().insert("x", value);
        assert!(append(&mut request, &found(), ([0, 0, 0, 0], 0).into()).is_err());
    }
}
