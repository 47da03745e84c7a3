//! Who opens a socket. Browsers cannot set headers on a WebSocket, so a token has more places than in other requests.

use crate::http::key_set;
use crate::http_client::HttpClient;
use crate::socket::session::Identity;
use http::HeaderMap;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use messaging_core::auth::{Verifier, bearer};
use messaging_core::problem::Problem;
use serde::Deserialize;

/// The subprotocol that carries a token: `Sec-WebSocket-Protocol: bearer, <token>`.
pub const SUBPROTOCOL: &str = "bearer";

/// The query of a WebSocket request. Other parameters are ignored.
#[derive(Debug, Default, Deserialize)]
pub struct Query {
    token: Option<String>,
    user_id: Option<String>,
    /// The number of the last event that the client has; not checked yet.
    pub since_seq: Option<String>,
}

/// Finds out who is calling. A token counts more than a name; a wrong token is a 401, whatever name comes with it.
pub async fn identify(
    verifier: &Verifier,
    client: &HttpClient,
    headers: &HeaderMap,
    query: &Query,
) -> Result<Identity, Problem> {
    let token = token(headers, query)?;
    if let Some(token) = &token {
        key_set::renew(verifier, client, token).await;
    }
    decide(verifier, token.as_deref(), headers, query)
}

fn decide(verifier: &Verifier, token: Option<&str>, headers: &HeaderMap, query: &Query) -> Result<Identity, Problem> {
    let known = match token {
        Some(token) => verifier.verify_token(token)?,
        None if verifier.development() => {
            // What is not ASCII is no name, and not the absence of one.
            let header = headers.get("x-user-id").map(|value| value.to_str().unwrap_or(""));
            match header.or(query.user_id.as_deref()) {
                Some(id) => verifier.development_caller(id)?,
                None => return Ok(Identity { caller: None, expires_at: None }),
            }
        }
        None => return Err(Problem::unauthenticated("Send a token: Authorization: Bearer <token>.")),
    };
    Ok(Identity { caller: Some(known.caller), expires_at: known.expires_at })
}

fn token(headers: &HeaderMap, query: &Query) -> Result<Option<String>, Problem> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let token = value.to_str().ok().and_then(bearer);
        return match token {
            Some(token) => Ok(Some(token.to_owned())),
            None => Err(Problem::unauthenticated("Authorization must be: Bearer <token>.")),
        };
    }
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let mut protocols = offered.flat_map(|value| value.split(',')).map(str::trim);
    if protocols.any(|protocol| protocol == SUBPROTOCOL) {
        return match protocols.next().filter(|token| !token.is_empty()) {
            Some(token) => Ok(Some(token.to_owned())),
            None => Err(Problem::unauthenticated("Sec-WebSocket-Protocol must be: bearer, <token>.")),
        };
    }
    Ok(query.token.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn decide_by(verifier: &Verifier, headers: &HeaderMap, query: &Query) -> Result<Identity, Problem> {
        decide(verifier, token(headers, query)?.as_deref(), headers, query)
    }

    fn verifier(mode: &str) -> Verifier {
        Verifier::from_settings(|name| (name == "AUTH_MODE").then(|| mode.to_owned())).unwrap()
    }

    #[test]
    fn a_token_is_found_in_three_places_in_this_order() {
        let query = Query { token: Some("q".to_owned()), ..Query::default() };
        let find = |list: &[_]| token(&headers(list), &query);
        let both = [("authorization", "Bearer h"), ("sec-websocket-protocol", "bearer, p")];
        assert_eq!(find(&both).unwrap().as_deref(), Some("h"));
        assert_eq!(find(&[("sec-websocket-protocol", "x, bearer,p")]).unwrap().as_deref(), Some("p"));
        assert_eq!(find(&[("sec-websocket-protocol", "x")]).unwrap().as_deref(), Some("q"));
        assert!(find(&[("authorization", "Basic x")]).is_err());
        assert!(find(&[("sec-websocket-protocol", "bearer")]).is_err());
    }

    #[test]
    fn a_name_alone_counts_only_in_development_and_never_hides_a_wrong_token() {
        let query = Query { user_id: Some("user:alice".to_owned()), ..Query::default() };
        let development = verifier("development");
        let alice = decide_by(&development, &HeaderMap::new(), &query).unwrap();
        assert_eq!(alice.caller.unwrap().id().as_str(), "user:alice");
        let bob = decide_by(&development, &headers(&[("x-user-id", "user:bob")]), &query).unwrap();
        assert_eq!(bob.caller.unwrap().id().as_str(), "user:bob");
        assert!(decide_by(&development, &headers(&[("authorization", "Bearer x")]), &query).is_err());
        for name in ["authorization", "x-user-id"] {
            let value = HeaderValue::from_bytes("Bearer é".as_bytes()).unwrap();
            let not_ascii = HeaderMap::from_iter([(http::HeaderName::from_static(name), value)]);
            assert!(decide_by(&development, &not_ascii, &query).is_err(), "{name}");
        }
        assert!(decide_by(&verifier("token"), &HeaderMap::new(), &query).is_err());
    }

    #[test]
    fn nobody_in_particular_is_somebody_only_in_development() {
        let nothing = (HeaderMap::new(), Query::default());
        assert!(decide_by(&verifier("development"), &nothing.0, &nothing.1).unwrap().caller.is_none());
        assert!(decide_by(&verifier("token"), &nothing.0, &nothing.1).is_err());
    }
}
