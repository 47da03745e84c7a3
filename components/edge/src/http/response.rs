//! Responses.

use super::body::{Body, Chunks, Served};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use messaging_core::problem::Problem;
use messaging_core::rate_limit::NearestLimit;
use serde::Serialize;

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A response. It always has a `Content-Length`: its body is in memory, or its length is known.
#[derive(Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Body,
}

impl Response {
    /// A response without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Body::Whole(Bytes::new()) }
    }

    /// A JSON response.
    pub fn json(status: StatusCode, value: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_vec(value).map_err(Problem::internal)?;
        Ok(Self::raw_json(status, body))
    }

    /// A JSON response that is JSON text already.
    pub fn raw_json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::with_type(status, "application/json", body)
    }

    /// A document of the index as it is.
    pub fn document(status: StatusCode, document: crate::index::Document) -> Self {
        Self::raw_json(status, document.into_text())
    }

    /// Any other response.
    pub fn with_type(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self::bytes(status, body).header(header::CONTENT_TYPE, content_type)
    }

    /// A response whose type is said with [`header`](Self::header).
    pub fn bytes(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), body: Body::Whole(body.into()) }
    }

    /// A response whose body comes in pieces, of `length` bytes in all; of another length the connection breaks off.
    pub fn chunks(status: StatusCode, length: u64, chunks: Chunks) -> Self {
        Self { status, headers: Vec::new(), body: Body::Chunks(length, chunks) }
    }

    /// The response to a refused or failed request.
    pub fn problem(problem: &Problem, request_id: &str) -> Self {
        let body = problem.to_json(request_id);
        let mut response = Self::with_type(problem.status, "application/problem+json", body);
        if let Some(allow) = &problem.allow {
            response = response.header(header::ALLOW, allow);
        }
        if let Some(limit) = &problem.limit {
            response = response.limit(limit);
        }
        if let Some(seconds) = problem.wait() {
            response = response.header(header::RETRY_AFTER, &seconds.to_string());
        }
        if problem.status == StatusCode::UNAUTHORIZED {
            response.headers.push((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        }
        response
    }

    /// Adds a header; one whose value is no header value is left out.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Says how near a limit is, unless the response says so already.
    pub(super) fn limit(self, limit: &NearestLimit) -> Self {
        if self.headers.iter().any(|(name, _)| *name == RATE_LIMIT) {
            return self;
        }
        self.header(RATE_LIMIT_POLICY, &limit.policy_header()).header(RATE_LIMIT, &limit.limit_header())
    }

    /// The body; empty when it is no text, or comes in pieces.
    pub fn text(&self) -> &str {
        match &self.body {
            Body::Whole(bytes) => std::str::from_utf8(bytes).unwrap_or(""),
            Body::Chunks(..) => "",
        }
    }

    /// The response that Spin takes.
    pub(super) fn into_http(self) -> Served {
        let length = self.body.length();
        let mut response = http::Response::new(self.body);
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        // Without it Spin responds in chunks, and a kept-alive client waits about 40 ms for the last one.
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        Served(response)
    }
}
