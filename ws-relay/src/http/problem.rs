//! A problem as an HTTP response.

use crate::sparingly::Sparingly;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, UPGRADE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use messaging_core::problem::Problem;
use messaging_core::trace::{self, is_request_id};
use uuid::Uuid;

/// Names a request, in every response and in the log.
pub const REQUEST_ID: HeaderName = HeaderName::from_static(trace::REQUEST_ID);

static FAILED: Sparingly = Sparingly::new();

/// The caller's `X-Request-Id` when it is one, else a new one.
pub fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(REQUEST_ID).filter(|value| value.to_str().is_ok_and(is_request_id));
    // A UUID is always a header's value.
    given
        .cloned()
        .or_else(|| HeaderValue::try_from(Uuid::new_v4().to_string()).ok())
        .unwrap_or(HeaderValue::from_static("-"))
}

/// Logs what an operator should know of a problem. Any client can cause these lines, so there are few of them.
pub fn log(problem: &Problem, headers: &HeaderMap) {
    let Some(internal_message) = &problem.internal_message else { return };
    let id = request_id(headers);
    let request_id = id.to_str().unwrap_or_default();
    if !problem.status.is_server_error() {
        tracing::debug!(request_id, "{}: {internal_message}", problem.code);
    } else if let Some(left_out) = FAILED.permit() {
        tracing::warn!(request_id, left_out, "{}: {internal_message}", problem.code);
    }
}

/// A problem and the request that it belongs to.
pub struct ProblemResponse {
    problem: Problem,
    request_id: HeaderValue,
}

impl ProblemResponse {
    /// Logs the problem, and names the request.
    pub fn new(headers: &HeaderMap, problem: Problem) -> Self {
        log(&problem, headers);
        Self { problem, request_id: request_id(headers) }
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let Self { problem, request_id } = self;
        let mut response = problem.to_json(request_id.to_str().unwrap_or_default()).into_response();
        *response.status_mut() = problem.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(REQUEST_ID, request_id);
        if let Some(allow) = problem.allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
            headers.insert(ALLOW, allow);
        }
        if let Some(seconds) = problem.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        match problem.status {
            StatusCode::UNAUTHORIZED => headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            StatusCode::UPGRADE_REQUIRED => headers.insert(UPGRADE, HeaderValue::from_static("websocket")),
            _ => None,
        };
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_keeps_its_id_when_that_is_one() {
        let id = |given: &'static str| {
            request_id(&[(REQUEST_ID, HeaderValue::from_static(given))].into_iter().collect())
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(id("abc-1"), "abc-1");
        for odd in ["", "a b", "a\"b", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"] {
            assert!(Uuid::parse_str(&id(odd)).is_ok(), "{odd}");
        }
        assert!(Uuid::parse_str(request_id(&HeaderMap::new()).to_str().unwrap()).is_ok());
    }
}
