//! The client of the homeserver: one function per way of calling, none of them waits without end.

use crate::answer::Refusal;
use crate::ids::{OwnUser, encode, path};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use messaging_edge::outgoing::{self, Failure};
use messaging_edge::settings;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long one call to the homeserver may take.
const ONE_CALL: Duration = Duration::from_secs(15);
/// How long all calls of a request may take together: less than the 25 s that the gateway's client waits.
const ALL_CALLS: Duration = Duration::from_secs(22);

/// The device that every user has for its transactions: without one the homeserver forgets transaction ids
/// when it restarts (AS "Identity assertion").
pub const DEVICE: &str = "daarion";

/// Who acts on the homeserver.
#[derive(Debug, Clone, Copy)]
pub enum Acting<'a> {
    /// The application service's own user, which is in every room.
    Bot,
    /// One of the users that the application service owns.
    Person(&'a OwnUser),
}

/// The homeserver, for the time of one request.
pub struct Homeserver {
    url: String,
    token: String,
    /// The part behind `:` in the ids that we own.
    pub server_name: String,
    ends: Instant,
}

/// CS "Standard error response".
#[derive(Deserialize)]
struct StandardError {
    errcode: String,
    #[serde(default)]
    error: String,
    retry_after_ms: Option<u64>,
}

/// The answer to whatever makes an event.
#[derive(Deserialize)]
pub struct EventId {
    /// The event.
    pub event_id: String,
}

/// For answers of which nothing is needed.
pub type Nothing = serde::de::IgnoredAny;

/// A path of the client-server API, version 3.
pub fn v3(segments: &[&str]) -> String {
    path("/_matrix/client/v3", segments)
}

/// A path of the client-server API, version 1, where newer calls are.
pub fn v1(segments: &[&str]) -> String {
    path("/_matrix/client/v1", segments)
}

impl Homeserver {
    /// Reads `matrix_homeserver_url`, `matrix_server_name` and `matrix_as_token`; the time starts now.
    pub async fn from_settings() -> Result<Self, Refusal> {
        Ok(Self {
            url: settings::required("matrix_homeserver_url").await?.trim_end_matches('/').to_owned(),
            token: settings::required("matrix_as_token").await?,
            server_name: settings::required("matrix_server_name").await?,
            ends: Instant::now() + ALL_CALLS,
        })
    }

    /// What is left of the time for this request.
    pub fn time_left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// Reads something. `target` is a path, with a query or without.
    pub async fn get<T: DeserializeOwned>(&self, acting: Acting<'_>, target: &str) -> Result<T, Refusal> {
        self.call(acting, Method::GET, target, None).await
    }

    /// Calls with a JSON body.
    pub async fn call<T: DeserializeOwned>(
        &self,
        acting: Acting<'_>,
        method: Method,
        target: &str,
        body: Option<&Value>,
    ) -> Result<T, Refusal> {
        let body = match body {
            Some(body) => serde_json::to_vec(body).map(Bytes::from).map_err(Refusal::failed)?,
            None => Bytes::new(),
        };
        self.exchange(acting, method, target, "application/json", body, ONE_CALL).await
    }

    /// A PUT whose path ends in a transaction id, so that repeating it has no further effect
    /// (CS "Transaction identifiers"). Makes the device that this needs.
    ///
    /// The bot does without a device: Synapse 1.163 fails on one for its sender. What the bot does this way
    /// may happen twice.
    pub async fn transact(&self, acting: Acting<'_>, path: &str, body: &Value) -> Result<EventId, Refusal> {
        let Acting::Person(user) = acting else {
            return self.call(acting, Method::PUT, path, Some(body)).await;
        };
        let target = format!("{path}?device_id={DEVICE}");
        match self.call(acting, Method::PUT, &target, Some(body)).await {
            Err(refusal) if refusal.is("M_UNKNOWN_DEVICE") => {
                self.make_device(user).await?;
                self.call(acting, Method::PUT, &target, Some(body)).await
            }
            other => other,
        }
    }

    /// Makes the device; one that exists is no error.
    pub async fn make_device(&self, user: &OwnUser) -> Result<(), Refusal> {
        let device = json!({"display_name": "DAARION Messaging"});
        let target = v3(&["devices", DEVICE]);
        self.call::<Nothing>(Acting::Person(user), Method::PUT, &target, Some(&device)).await.map(|_| ())
    }

    /// Any exchange: sends `body`, reads the whole answer, within the shorter of `limit` and what is left of the time.
    pub async fn exchange<T: DeserializeOwned>(
        &self,
        acting: Acting<'_>,
        method: Method,
        target: &str,
        content_type: &str,
        body: Bytes,
        limit: Duration,
    ) -> Result<T, Refusal> {
        let what = format!("{method} {}", target.split('?').next().unwrap_or_default());
        let limit = limit.min(self.time_left());
        if limit.is_zero() {
            return Err(Refusal::timeout(format!("{what}: no time left")));
        }
        let mut uri = format!("{}{target}", self.url);
        if let Acting::Person(user) = acting {
            uri.push(if target.contains('?') { '&' } else { '?' });
            uri.push_str("user_id=");
            uri.push_str(&encode(&user.user_id));
        }
        let request = http::Request::builder()
            .method(method)
            .uri(uri)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, content_type)
            .body(body)
            .map_err(|e| Refusal::failed(format!("{what}: {e}")))?;
        let response = outgoing::send(request, limit).await.map_err(|failure| match failure {
            Failure::Timeout => Refusal::timeout(format!("{what}: {failure}")),
            _ => Refusal::failed(format!("{what}: {failure}")),
        })?;
        let (status, body) = (response.status(), response.into_body());
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|e| Refusal::failed(format!("{what} answered {e}")));
        }
        Err(refused(&what, status, &body))
    }
}

/// What the homeserver's refusal means for the gateway's caller.
fn refused(what: &str, status: StatusCode, body: &[u8]) -> Refusal {
    let Ok(error) = serde_json::from_slice::<StandardError>(body) else {
        return Refusal::failed(format!("{what}: {status} without a Matrix error"));
    };
    let inside = format!("{what}: {status} {} {}", error.errcode, error.error);
    match status {
        StatusCode::TOO_MANY_REQUESTS => {
            let seconds = error.retry_after_ms.unwrap_or(1000).div_ceil(1000).max(1);
            let refusal = Refusal::new(status, error.errcode, error.error);
            refusal.with_header(header::RETRY_AFTER, &seconds.to_string())
        }
        StatusCode::BAD_REQUEST
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::CONFLICT
        | StatusCode::PAYLOAD_TOO_LARGE => {
            Refusal { inside: Some(inside), ..Refusal::new(status, error.errcode, error.error) }
        }
        // A 401 is about our token, not about the caller.
        _ => Refusal { errcode: error.errcode, ..Refusal::failed(inside) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_passed_on_and_a_failure_is_a_502() {
        let body = br#"{"errcode": "M_FORBIDDEN", "error": "no"}"#;
        let refusal = refused("x", StatusCode::FORBIDDEN, body);
        assert_eq!((refusal.status, refusal.errcode.as_str()), (StatusCode::FORBIDDEN, "M_FORBIDDEN"));
        for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::UNAUTHORIZED, StatusCode::METHOD_NOT_ALLOWED] {
            assert_eq!(refused("x", status, body).status, StatusCode::BAD_GATEWAY, "{status}");
        }
        let html = refused("x", StatusCode::NOT_FOUND, b"<html>");
        assert_eq!((html.status, html.errcode.as_str()), (StatusCode::BAD_GATEWAY, "M_UNKNOWN"));
        let limited =
            refused("x", StatusCode::TOO_MANY_REQUESTS, br#"{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1200}"#);
        assert_eq!(limited.status, StatusCode::TOO_MANY_REQUESTS);
    }
}
