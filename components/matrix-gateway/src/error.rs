//! Errors: `{"error": "M_…", "message": "…"}` with a fitting status.

use http::{StatusCode, header};
use messaging_core::gateway::ErrorBody;
use messaging_edge::{Failure, Problem, Response};
use std::fmt;

/// Why a call was not carried out: the homeserver's error, or the gateway's own.
#[derive(Debug, Clone)]
pub struct GatewayError {
    /// The HTTP status of the response.
    pub status: StatusCode,
    /// A Matrix error code (client-server API, "Standard error response").
    pub errcode: String,
    /// For the caller.
    pub message: String,
    /// For the log only.
    pub internal_message: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// `Allow`: the methods of the path.
    pub allow: Option<String>,
}

impl GatewayError {
    /// Any error.
    pub fn new(status: StatusCode, errcode: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            errcode: errcode.into(),
            message: message.into(),
            internal_message: None,
            retry_after: None,
            allow: None,
        }
    }

    /// 400: a field has a value that it may not have.
    pub fn invalid(message: impl Into<String>) -> Self {
        invalid_parameter(message).into()
    }

    /// 400: the body lacks a field.
    pub fn missing(field: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "M_BAD_JSON", format!("{field} is missing"))
    }

    /// 403: nobody may do this through the gateway, or the room does not allow it.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "M_FORBIDDEN", message)
    }

    /// 502: the homeserver failed, or could not be reached. Whether it acted is not known.
    pub fn failed(reason: impl fmt::Display) -> Self {
        let error = Self::new(StatusCode::BAD_GATEWAY, "M_UNKNOWN", "The homeserver could not carry this out.");
        error.with_internal_message(reason)
    }

    /// 504: the homeserver did not respond in time. Whether it acted is not known.
    pub fn timeout(reason: impl fmt::Display) -> Self {
        let error = Self::new(StatusCode::GATEWAY_TIMEOUT, "M_UNKNOWN", "The homeserver did not answer in time.");
        error.with_internal_message(reason)
    }

    /// Whether it carries this Matrix error code.
    pub fn is(&self, errcode: &str) -> bool {
        self.errcode == errcode
    }

    /// Adds what only the log is told.
    pub fn with_internal_message(self, reason: impl fmt::Display) -> Self {
        Self { internal_message: Some(reason.to_string()), ..self }
    }

    /// Tells the caller when to try again, in seconds.
    pub fn with_retry_after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.errcode, self.message)?;
        match &self.internal_message {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

impl Failure for GatewayError {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn log_message(&self) -> Option<String> {
        self.status.is_server_error().then(|| self.to_string())
    }

    fn into_response(self, _: &str) -> Response {
        let body = ErrorBody { error: self.errcode, message: self.message };
        let response = Response::raw_json(self.status, serde_json::to_vec(&body).unwrap_or_default());
        let headers =
            [(header::RETRY_AFTER, self.retry_after.map(|seconds| seconds.to_string())), (header::ALLOW, self.allow)];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
        headers.fold(response, |response, (name, value)| response.header(name, &value))
    }
}

/// [`GatewayError::invalid`] for extractors, which fail with a [`Problem`].
pub fn invalid_parameter(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "M_INVALID_PARAM", message)
}

/// What extractors, the router, the settings or the index fail with. An extractor of this component gives its problem
/// a Matrix error code as its code.
impl From<Problem> for GatewayError {
    fn from(problem: Problem) -> Self {
        let errcode = match (problem.status, problem.code) {
            (_, matrix) if matrix.starts_with("M_") => matrix,
            // Of the shared layer only the router has these two.
            (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, _) => "M_UNRECOGNIZED",
            (_, "invalid_json") | (StatusCode::UNSUPPORTED_MEDIA_TYPE, _) => "M_NOT_JSON",
            (StatusCode::PAYLOAD_TOO_LARGE, _) => "M_TOO_LARGE",
            (StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST, _) => "M_BAD_JSON",
            _ => "M_UNKNOWN",
        };
        let message = match (errcode, &problem.allow) {
            ("M_UNRECOGNIZED", None) => "There is no such call.".to_owned(),
            ("M_UNRECOGNIZED", Some(allow)) => format!("This call has only {allow}."),
            _ => problem.detail,
        };
        let status = match problem.status {
            // A "Standard error response" has 400 for these.
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE => StatusCode::BAD_REQUEST,
            status => status,
        };
        Self {
            internal_message: problem.internal_message,
            allow: problem.allow.map(String::from),
            retry_after: problem.retry_after.map(u64::from),
            ..Self::new(status, errcode, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internal_message_is_only_logged() {
        let error = GatewayError::failed("token=hunter2");
        assert!(error.log_message().is_some_and(|message| message.contains("hunter2")));
        assert!(!format!("{:?}", error.into_response("r1")).contains("hunter2"));
        assert_eq!(GatewayError::forbidden("no").log_message(), None);
    }

    #[test]
    fn a_body_that_does_not_fit_is_a_bad_request() {
        let error = GatewayError::from(Problem::invalid_field("room_id", "must be text"));
        assert_eq!((error.status, error.errcode.as_str()), (StatusCode::BAD_REQUEST, "M_BAD_JSON"));
        assert_eq!(GatewayError::from(Problem::too_large("x")).errcode, "M_TOO_LARGE");
        assert_eq!(GatewayError::from(Problem::bad_request("invalid_json", "x")).errcode, "M_NOT_JSON");
    }

    #[test]
    fn an_unknown_path_or_method_is_unrecognized() {
        let path = GatewayError::from(Problem::not_found("route"));
        assert_eq!((path.status, path.errcode.as_str()), (StatusCode::NOT_FOUND, "M_UNRECOGNIZED"));
        let method = GatewayError::from(Problem::method_not_allowed("PUT"));
        assert_eq!((method.status, method.errcode.as_str()), (StatusCode::METHOD_NOT_ALLOWED, "M_UNRECOGNIZED"));
        assert!(format!("{:?}", method.into_response("r1")).contains(r#"("allow", "PUT")"#));
    }

    #[test]
    fn an_extractors_matrix_error_code_stays() {
        let error = GatewayError::from(Problem::new(StatusCode::NOT_FOUND, "M_NOT_FOUND", "x"));
        assert_eq!((error.errcode.as_str(), error.message.as_str()), ("M_NOT_FOUND", "x"));
    }
}
