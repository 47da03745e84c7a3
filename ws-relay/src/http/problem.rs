//! A problem as an HTTP response.

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, UPGRADE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use messaging_core::problem::Problem;
use uuid::Uuid;

const REQUEST_ID: &str = "x-request-id";

/// A problem and the request that it belongs to.
pub struct ProblemResponse {
    problem: Problem,
    request_id: String,
}

impl ProblemResponse {
    /// Takes the caller's `X-Request-Id` when it has 1 to 64 visible ASCII characters, else makes one.
    pub fn new(headers: &HeaderMap, problem: Problem) -> Self {
        let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let plain = |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
        let request_id = given.filter(plain).map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
        Self { problem, request_id }
    }
}

impl IntoResponse for ProblemResponse {
    fn into_response(self) -> Response {
        let Self { problem, request_id } = self;
        if let Some(internal_message) = &problem.internal_message {
            match problem.status.is_server_error() {
                true => tracing::warn!(request_id, "{}: {internal_message}", problem.code),
                // Any client can cause these, so they must not fill the log.
                false => tracing::debug!(request_id, "{}: {internal_message}", problem.code),
            }
        }
        let mut response = problem.to_json(&request_id).into_response();
        *response.status_mut() = problem.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(allow) = problem.allow.and_then(|allow| HeaderValue::try_from(allow).ok()) {
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
