//! Refusals: `{"error": "M_…", "message": "…"}` with a fitting status.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use messaging_edge::{Problem, Reply};
use serde_json::json;
use std::fmt;

/// Why a call was not carried out: the homeserver's refusal, or ours.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The HTTP status of the answer.
    pub status: StatusCode,
    /// A Matrix error code (CS "Standard error response").
    pub errcode: String,
    /// For the caller.
    pub message: String,
    /// For the log only.
    pub inside: Option<String>,
    /// One more header of the answer.
    pub header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    /// Any refusal.
    pub fn new(status: StatusCode, errcode: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, errcode: errcode.into(), message: message.into(), inside: None, header: None }
    }

    /// 400: a field has a value that it may not have.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", message)
    }

    /// 403: nobody may do this through the gateway, or the room does not allow it.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "M_FORBIDDEN", message)
    }

    /// 401: the caller did not show the shared secret.
    pub fn unauthorized(errcode: &str, message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, errcode, message)
    }

    /// 404: there is no such call.
    pub fn unrecognized() -> Self {
        Self::new(StatusCode::NOT_FOUND, "M_UNRECOGNIZED", "There is no such call.")
    }

    /// 405: the call has another method.
    pub fn method_not_allowed(allowed: &Method) -> Self {
        let refusal =
            Self::new(StatusCode::METHOD_NOT_ALLOWED, "M_UNRECOGNIZED", format!("This call has only {allowed}."));
        refusal.with_header(header::ALLOW, allowed.as_str())
    }

    /// 502: the homeserver failed, or could not be reached. Whether it acted is not known.
    pub fn failed(inside: impl fmt::Display) -> Self {
        let refusal = Self::new(StatusCode::BAD_GATEWAY, "M_UNKNOWN", "The homeserver could not carry this out.");
        Self { inside: Some(inside.to_string()), ..refusal }
    }

    /// 504: the homeserver did not answer in time. Whether it acted is not known.
    pub fn timeout(inside: impl fmt::Display) -> Self {
        let refusal = Self::new(StatusCode::GATEWAY_TIMEOUT, "M_UNKNOWN", "The homeserver did not answer in time.");
        Self { inside: Some(inside.to_string()), ..refusal }
    }

    /// Whether it carries this Matrix error code.
    pub fn is(&self, errcode: &str) -> bool {
        self.errcode == errcode
    }

    /// Adds a header to the answer; one whose value is no header value is left out.
    pub fn with_header(self, name: HeaderName, value: &str) -> Self {
        Self { header: HeaderValue::from_str(value).ok().map(|value| (name, value)), ..self }
    }

    /// The answer.
    pub fn into_reply(self) -> Reply {
        let body = json!({"error": self.errcode, "message": self.message});
        let reply = Reply::raw_json(self.status, body.to_string());
        match self.header {
            Some((name, value)) => reply.header(name, value.to_str().unwrap_or_default()),
            None => reply,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.errcode, self.message)?;
        match &self.inside {
            Some(inside) => write!(f, " ({inside})"),
            None => Ok(()),
        }
    }
}

/// What the shared layer refuses: bodies that are too large, no JSON, or do not fit; missing settings; the database.
impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let errcode = match (problem.status, problem.code) {
            (_, "invalid_json") | (StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => "M_NOT_JSON",
            (StatusCode::PAYLOAD_TOO_LARGE, _) => "M_TOO_LARGE",
            (StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST, _) => "M_BAD_JSON",
            (StatusCode::NOT_FOUND, _) => "M_NOT_FOUND",
            _ => "M_UNKNOWN",
        };
        let status = match problem.status {
            // CS "Standard error response" knows 400 for these.
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
            status => status,
        };
        Self { inside: problem.inside, ..Self::new(status, errcode, problem.detail) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inside_stays_inside() {
        let refusal = Refusal::failed("token=hunter2");
        assert!(refusal.to_string().contains("hunter2"));
        assert!(!format!("{:?}", refusal.into_reply()).contains("hunter2"));
    }

    #[test]
    fn a_body_that_does_not_fit_is_a_bad_request() {
        let refusal = Refusal::from(Problem::invalid_field("room_id", "must be text"));
        assert_eq!((refusal.status, refusal.errcode.as_str()), (StatusCode::BAD_REQUEST, "M_BAD_JSON"));
        assert_eq!(Refusal::from(Problem::too_large("x")).errcode, "M_TOO_LARGE");
        assert_eq!(Refusal::from(Problem::bad_request("invalid_json", "x")).errcode, "M_NOT_JSON");
    }
}
