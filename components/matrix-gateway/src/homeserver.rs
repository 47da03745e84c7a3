//! The client of the homeserver. Every call has a deadline.

use crate::error::GatewayError;
use crate::ids::{OwnUser, encode, join_path};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use messaging_core::auth::secrets_match;
use messaging_core::gateway::{Meaning, TOKEN_HEADER, advice};
use messaging_edge::outgoing::{self, Failure};
use messaging_edge::{FromRequest, Problem, Request, note_caller, settings};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long all calls to the homeserver for a request may take together: less than the 9 s that the gateway's client waits.
const ALL_CALLS: Duration = Duration::from_secs(8);

/// The device that each of the gateway's own users has for its transactions: without one the homeserver forgets
/// transaction ids when it restarts (application service API, "Identity assertion").
pub const DEVICE: &str = "daarion";

/// Who acts on the homeserver.
#[derive(Debug, Clone, Copy)]
pub enum Acting<'a> {
    /// The application service's own user, which is in every room.
    Bot,
    /// One of the users that the application service owns.
    Person(&'a OwnUser),
}

/// The homeserver, for one request. Only a request that carries the gateway's secret gets it.
pub struct Homeserver {
    url: String,
    token: String,
    server_name: String,
    deadline: Instant,
}

impl FromRequest for Homeserver {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        check_secret(request.header(TOKEN_HEADER), &settings::required("matrix_gateway_secret").await?)?;
        note_caller("service");
        Ok(Self {
            url: settings::required("matrix_homeserver_url").await?.trim_end_matches('/').to_owned(),
            token: settings::required("matrix_as_token").await?,
            server_name: settings::required("matrix_server_name").await?,
            deadline: Instant::now() + ALL_CALLS,
        })
    }
}

fn check_secret(given: Option<&str>, expected: &str) -> Result<(), Problem> {
    let unauthorized = |errcode, message: &str| Err(Problem::new(StatusCode::UNAUTHORIZED, errcode, message));
    match given {
        Some(given) if secrets_match(given, expected) => Ok(()),
        Some(_) => unauthorized("M_UNKNOWN_TOKEN", "The X-Internal-Service-Token is not valid."),
        None => unauthorized("M_MISSING_TOKEN", "Send X-Internal-Service-Token."),
    }
}

/// Client-server API, "Standard error response".
#[derive(Deserialize)]
struct StandardError {
    errcode: String,
    #[serde(default)]
    error: String,
    retry_after_ms: Option<u64>,
}

/// The response to a call that makes an event.
#[derive(Deserialize)]
pub struct EventId {
    /// The event.
    pub event_id: String,
}

/// For responses of which nothing is needed.
pub type Nothing = messaging_core::gateway::AnyObject;

/// A path of the client-server API, version 3.
pub fn v3(segments: &[&str]) -> String {
    join_path("/_matrix/client/v3", segments)
}

/// A path of the client-server API, version 1, which newer calls have.
pub fn v1(segments: &[&str]) -> String {
    join_path("/_matrix/client/v1", segments)
}

impl Homeserver {
    /// The homeserver's name, the part behind `:` in the ids that the gateway owns.
    pub fn server_name(&self) -> &str {
        &self.server_name
    }

    /// The same with the token of an administrator. 501: there is none.
    pub async fn into_admin(self) -> Result<Self, GatewayError> {
        match settings::optional("matrix_admin_token").await? {
            Some(token) => Ok(Self { token, ..self }),
            None => Err(GatewayError::new(
                StatusCode::NOT_IMPLEMENTED,
                "M_UNRECOGNIZED",
                "The gateway has no matrix_admin_token.",
            )),
        }
    }

    /// How long the calls for this request may still take.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Reads something. `target` is a path, with a query or without.
    pub async fn get<T: DeserializeOwned>(&self, acting: Acting<'_>, target: &str) -> Result<T, GatewayError> {
        self.call(acting, Method::GET, target, None).await
    }

    /// Calls with a JSON body.
    pub async fn call<T: DeserializeOwned>(
        &self,
        acting: Acting<'_>,
        method: Method,
        target: &str,
        body: Option<&Value>,
    ) -> Result<T, GatewayError> {
        let body = match body {
            Some(body) => serde_json::to_vec(body).map(Bytes::from).map_err(GatewayError::failed)?,
            None => Bytes::new(),
        };
        self.exchange(acting, method, target, "application/json", body, ALL_CALLS).await
    }

    /// A PUT whose path ends in a transaction id, so that repeating it has no further effect
    /// (client-server API, "Transaction identifiers"). Makes the device that this needs.
    ///
    /// The bot has no device, because Synapse 1.163 fails on one for an application service's sender. After a restart
    /// of the homeserver a repeated call of the bot therefore has its effect twice.
    pub async fn transact(&self, acting: Acting<'_>, path: &str, body: &Value) -> Result<EventId, GatewayError> {
        let Acting::Person(user) = acting else {
            return self.call(acting, Method::PUT, path, Some(body)).await;
        };
        let target = format!("{path}?device_id={DEVICE}");
        match self.call(acting, Method::PUT, &target, Some(body)).await {
            Err(error) if error.is("M_UNKNOWN_DEVICE") => {
                self.make_device(user).await?;
                self.call(acting, Method::PUT, &target, Some(body)).await
            }
            other => other,
        }
    }

    /// Makes the device; one that exists is no error.
    pub async fn make_device(&self, user: &OwnUser) -> Result<(), GatewayError> {
        let device = json!({"display_name": "DAARION Messaging"});
        let target = v3(&["devices", DEVICE]);
        self.call::<Nothing>(Acting::Person(user), Method::PUT, &target, Some(&device)).await.map(|_| ())
    }

    /// Any call: sends `body` and reads the whole response, within `limit` and the time left.
    pub async fn exchange<T: DeserializeOwned>(
        &self,
        acting: Acting<'_>,
        method: Method,
        target: &str,
        content_type: &str,
        body: Bytes,
        limit: Duration,
    ) -> Result<T, GatewayError> {
        let what = what(&method, target);
        let limit = limit.min(self.time_left());
        if limit.is_zero() {
            return Err(GatewayError::timeout(format!("{what}: no time left")));
        }
        let request = self.request(acting, method, target, content_type, body)?;
        let response = outgoing::send(request, limit).await.map_err(|failure| failed(&what, failure))?;
        read(&what, &response)
    }

    /// A request as one of the application service's users.
    pub fn request<B>(
        &self,
        acting: Acting<'_>,
        method: Method,
        target: &str,
        content_type: &str,
        body: B,
    ) -> Result<http::Request<B>, GatewayError> {
        let mut uri = format!("{}{target}", self.url);
        if let Acting::Person(user) = acting {
            uri.push(if target.contains('?') { '&' } else { '?' });
            uri.push_str("user_id=");
            uri.push_str(&encode(&user.user_id));
        }
        http::Request::builder()
            .method(method)
            .uri(uri)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, content_type)
            .body(body)
            .map_err(|e| GatewayError::failed(format!("{target}: {e}")))
    }
}

/// A call in the log: without its query, which may hold what nobody has to know.
pub fn what(method: &Method, target: &str) -> String {
    format!("{method} {}", target.split('?').next().unwrap_or_default())
}

/// Why there is no response.
pub fn failed(what: &str, failure: Failure) -> GatewayError {
    match failure {
        Failure::Timeout => GatewayError::timeout(format!("{what}: {failure}")),
        Failure::Source(problem) => problem.into(),
        _ => GatewayError::failed(format!("{what}: {failure}")),
    }
}

/// The response, or why there is none.
pub fn read<T: DeserializeOwned>(what: &str, response: &http::Response<Bytes>) -> Result<T, GatewayError> {
    if response.status().is_success() {
        return serde_json::from_slice(response.body())
            .map_err(|e| GatewayError::failed(format!("{what} responded {e}")));
    }
    Err(error_for_caller(what, response.status(), response.body()))
}

/// What the homeserver's error means for the gateway's caller.
pub fn error_for_caller(what: &str, status: StatusCode, body: &[u8]) -> GatewayError {
    let Ok(error) = serde_json::from_slice::<StandardError>(body) else {
        return GatewayError::failed(format!("{what}: {status} without a Matrix error"));
    };
    let reason = format!("{what}: {status} {} {}", error.errcode, error.error);
    match Meaning::of(status, &error.errcode) {
        // A pause that is not said: of a limit that its administrator has set, a minute.
        Meaning::Busy => {
            let unsaid = if status == StatusCode::TOO_MANY_REQUESTS { 1000 } else { 60_000 };
            let seconds = error.retry_after_ms.unwrap_or(unsaid).div_ceil(1000).max(1);
            let reason = format!("{reason}: {}", advice(&error.errcode));
            let limited = GatewayError::new(StatusCode::TOO_MANY_REQUESTS, error.errcode, error.error);
            limited.with_internal_message(reason).with_retry_after(seconds)
        }
        Meaning::Misconfigured => {
            let reason = format!("{reason}: {}", advice(&error.errcode));
            GatewayError { errcode: error.errcode, ..GatewayError::failed(reason) }
        }
        Meaning::Failed => GatewayError { errcode: error.errcode, ..GatewayError::failed(reason) },
        _ => GatewayError::new(status, error.errcode, error.error).with_internal_message(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_in_without_the_secret() {
        let code = |given| check_secret(given, "secret").err().map(|problem| (problem.status.as_u16(), problem.code));
        assert_eq!(code(Some("secret")), None);
        assert_eq!(code(None), Some((401, "M_MISSING_TOKEN")));
        for wrong in ["", "secre", "secret ", "Secret"] {
            assert_eq!(code(Some(wrong)), Some((401, "M_UNKNOWN_TOKEN")), "{wrong:?}");
        }
    }

    #[test]
    fn a_refusal_is_passed_on_and_a_failure_is_a_502() {
        let body = br#"{"errcode": "M_FORBIDDEN", "error": "no"}"#;
        let error = error_for_caller("x", StatusCode::FORBIDDEN, body);
        assert_eq!((error.status, error.errcode.as_str()), (StatusCode::FORBIDDEN, "M_FORBIDDEN"));
        let unknown = br#"{"errcode": "M_UNKNOWN", "error": "no"}"#;
        for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::UNAUTHORIZED, StatusCode::METHOD_NOT_ALLOWED] {
            assert_eq!(error_for_caller("x", status, unknown).status, StatusCode::BAD_GATEWAY, "{status}");
        }
        let token = error_for_caller("x", StatusCode::UNAUTHORIZED, br#"{"errcode": "M_UNKNOWN_TOKEN"}"#);
        assert_eq!((token.status, token.errcode.as_str()), (StatusCode::BAD_GATEWAY, "M_UNKNOWN_TOKEN"));
        assert!(token.internal_message.is_some_and(|line| line.contains("MATRIX_AS_TOKEN")));
        let full = error_for_caller("x", StatusCode::FORBIDDEN, br#"{"errcode": "M_RESOURCE_LIMIT_EXCEEDED"}"#);
        assert_eq!((full.status, full.retry_after), (StatusCode::TOO_MANY_REQUESTS, Some(60)));
        let html = error_for_caller("x", StatusCode::NOT_FOUND, b"<html>");
        assert_eq!((html.status, html.errcode.as_str()), (StatusCode::BAD_GATEWAY, "M_UNKNOWN"));
        let limited = error_for_caller(
            "x",
            StatusCode::TOO_MANY_REQUESTS,
            br#"{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 1200}"#,
        );
        assert_eq!((limited.status, limited.retry_after), (StatusCode::TOO_MANY_REQUESTS, Some(2)));
    }
}
