//! The handshake of a WebSocket: by GET over HTTP/1.1 (RFC 6455, section 4.2), by CONNECT over HTTP/2 (RFC 8441).

use axum::body::Body;
use axum::response::Response;
use http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use hyper::ext::Protocol;
use hyper::upgrade::{OnUpgrade, Upgraded};
use tungstenite::handshake::derive_accept_key;

/// Why a request cannot become a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoUpgrade {
    /// It asks for none.
    NotAsked,
    /// It asks for one of another version than 13.
    OtherVersion,
}

/// A request for a WebSocket.
pub struct Handshake {
    /// What the response answers; over HTTP/2 there is nothing to answer.
    accept: Option<HeaderValue>,
    on_upgrade: OnUpgrade,
    /// Whether the client offers the subprotocol of that name.
    offers: bool,
    subprotocol: &'static str,
}

impl Handshake {
    /// Takes the upgrade out of a request whose client may offer `subprotocol`.
    pub fn of(parts: &mut Parts, subprotocol: &'static str) -> Result<Self, NoUpgrade> {
        let headers = &parts.headers;
        let accept = if parts.version <= Version::HTTP_11 {
            let asks =
                parts.method == Method::GET && has(headers, CONNECTION, "upgrade") && is(headers, UPGRADE, "websocket");
            let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| asks).ok_or(NoUpgrade::NotAsked)?;
            Some(derive_accept_key(key.as_bytes()).parse().map_err(|_| NoUpgrade::NotAsked)?)
        } else {
            let protocol = parts.extensions.get::<Protocol>().map(Protocol::as_str);
            if parts.method != Method::CONNECT || protocol != Some("websocket") {
                return Err(NoUpgrade::NotAsked);
            }
            None
        };
        if !is(headers, SEC_WEBSOCKET_VERSION, "13") {
            return Err(NoUpgrade::OtherVersion);
        }
        let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
        let mut offered = offered.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        let offers = offered.any(|offer| offer.trim_ascii() == subprotocol.as_bytes());
        let on_upgrade = parts.extensions.remove::<OnUpgrade>().ok_or(NoUpgrade::NotAsked)?;
        Ok(Self { accept, on_upgrade, offers, subprotocol })
    }

    /// The response that completes the handshake. `serve` is given the connection when it is sent.
    pub fn complete<F>(self, serve: impl FnOnce(Upgraded) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Self { accept, on_upgrade, offers, subprotocol } = self;
        tokio::spawn(async move {
            match on_upgrade.await {
                // The future of the whole life begins where that of the wait has ended.
                Ok(upgraded) => drop(tokio::spawn(serve(upgraded))),
                Err(e) => tracing::debug!("a handshake was not completed: {e}"),
            }
        });
        let mut response = Response::new(Body::empty());
        if let Some(accept) = accept {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let upgrade = [(CONNECTION, "upgrade"), (UPGRADE, "websocket")];
            let upgrade = upgrade.map(|(name, value)| (name, HeaderValue::from_static(value)));
            response.headers_mut().extend(upgrade.into_iter().chain([(SEC_WEBSOCKET_ACCEPT, accept)]));
        }
        if offers {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
        }
        response
    }
}

fn is(headers: &HeaderMap, name: HeaderName, value: &str) -> bool {
    headers.get(name).is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
}

/// Whether one of the values, with commas between them, is this one.
fn has(headers: &HeaderMap, name: HeaderName, value: &str) -> bool {
    let found = headers.get_all(name).iter().flat_map(|found| found.as_bytes().split(|byte| *byte == b','));
    found.map(<[u8]>::trim_ascii).any(|found| found.eq_ignore_ascii_case(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    const GOOD: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn parts(headers: impl IntoIterator<Item = (&'static str, &'static str)>) -> Parts {
        let mut request = Request::new(());
        request.headers_mut().extend(
            headers.into_iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))),
        );
        let on_upgrade = hyper::upgrade::on(&mut request);
        request.extensions_mut().insert(on_upgrade);
        request.into_parts().0
    }

    #[tokio::test]
    async fn the_response_answers_the_key_and_takes_the_subprotocol_that_is_offered() {
        for (offered, taken) in [("bearer, x.y.z", Some("bearer")), ("x,bearer", Some("bearer")), ("bearer2", None)] {
            let mut parts = parts(GOOD.into_iter().chain([("sec-websocket-protocol", offered)]));
            let response = Handshake::of(&mut parts, "bearer").unwrap().complete(|_| async {});
            assert_eq!(response.status(), 101);
            let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap());
            // The example of RFC 6455.
            assert_eq!(header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
            assert_eq!((header("connection"), header("upgrade")), (Some("upgrade"), Some("websocket")));
            assert_eq!(header("sec-websocket-protocol"), taken);
        }
    }

    #[test]
    fn what_is_no_handshake_is_told_from_another_version() {
        for missing in 0..GOOD.len() {
            let headers = GOOD.into_iter().enumerate().filter(|(n, _)| *n != missing).map(|(_, header)| header);
            let expected = if missing == 2 { NoUpgrade::OtherVersion } else { NoUpgrade::NotAsked };
            assert_eq!(Handshake::of(&mut parts(headers), "bearer").err(), Some(expected), "{missing}");
        }
        let mut posted = parts(GOOD);
        posted.method = Method::POST;
        assert_eq!(Handshake::of(&mut posted, "bearer").err(), Some(NoUpgrade::NotAsked));
        let mut without_connection = parts(GOOD);
        without_connection.extensions.clear();
        assert_eq!(Handshake::of(&mut without_connection, "bearer").err(), Some(NoUpgrade::NotAsked));
    }

    #[tokio::test]
    async fn over_http_2_it_is_the_protocol_that_asks() {
        let connect = |protocol: Option<&'static str>| {
            let mut parts = parts([("sec-websocket-version", "13")]);
            (parts.version, parts.method) = (Version::HTTP_2, Method::CONNECT);
            parts.extensions.extend(protocol.map(Protocol::from_static).map_or_else(Default::default, |protocol| {
                let mut extensions = http::Extensions::new();
                extensions.insert(protocol);
                extensions
            }));
            parts
        };
        let response = Handshake::of(&mut connect(Some("websocket")), "bearer").unwrap().complete(|_| async {});
        assert_eq!((response.status().as_u16(), response.headers().len()), (200, 0));
        for protocol in [None, Some("webtransport")] {
            assert_eq!(Handshake::of(&mut connect(protocol), "bearer").err(), Some(NoUpgrade::NotAsked));
        }
    }
}
