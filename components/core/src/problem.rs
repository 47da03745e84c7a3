//! The one error type: what the caller is told, and what only the log is told.

mod document;
mod matrix;

pub use document::ProblemDocument;

use crate::rate_limit::NearestLimit;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is wrong with one field of the request (RFC 9457, section 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct FieldError {
    /// JSON pointer to the field of the body (RFC 6901); absent for a query parameter or a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub pointer: Option<String>,
    /// Name of the query parameter or header; absent for a field of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "String"))]
    pub parameter: Option<String>,
    /// What the value has to be.
    pub detail: String,
}

impl FieldError {
    /// A field of the JSON body.
    pub fn body(field: &str, detail: impl Into<String>) -> Self {
        Self { pointer: Some(format!("/{field}")), parameter: None, detail: detail.into() }
    }

    /// The JSON body as a whole.
    pub fn whole_body(detail: impl Into<String>) -> Self {
        Self { pointer: Some(String::new()), parameter: None, detail: detail.into() }
    }

    /// A query parameter or a header.
    pub fn parameter(name: &str, detail: impl Into<String>) -> Self {
        Self { pointer: None, parameter: Some(name.to_owned()), detail: detail.into() }
    }
}

/// When a caller who met a 503 may try again, in seconds.
const RETRY_AFTER: u16 = 1;

/// A refusal or failure, sent as `application/problem+json` (RFC 9457).
#[derive(Debug, Clone)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable and machine-readable; part of the contract.
    pub code: &'static str,
    /// For people; tells the caller what to do next.
    pub detail: String,
    /// One entry per bad field.
    pub errors: Vec<FieldError>,
    /// The methods of the resource, for the `Allow` header of a 405.
    pub allow: Option<Box<str>>,
    /// Seconds for `Retry-After` (RFC 9110, section 10.2.3): of every 503 and 429, and of a 409 that passes.
    pub retry_after: Option<u16>,
    /// The limit that the caller has met, for the headers of a 429. Its own wait may be longer than `retry_after` can say.
    pub limit: Option<Box<NearestLimit>>,
    /// For the log only, never for the caller.
    pub internal_message: Option<String>,
}

/// The members of the body.
#[derive(Debug, Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
}

impl Problem {
    /// Any problem; the named constructors below cover most.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            allow: None,
            limit: None,
            retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
            internal_message: None,
        }
    }

    /// 400: the request is not what HTTP or JSON ask for.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401: who is calling is not known.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    /// 403: the caller may know of the thing, but not do this.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: there is none, or the caller may not know that there is one.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}, or you may not see it."))
    }

    /// 405 with the methods that the resource has.
    pub fn method_not_allowed(allow: &str) -> Self {
        let detail = format!("This resource has only {allow}.");
        Self { allow: Some(allow.into()), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail) }
    }

    /// 409: the request collides with what is there.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 413: the body, or the Matrix event that it would become, is too large.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail)
    }

    /// 422: well-formed, but fields have values that they may not have.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [only] => {
                let field = only.pointer.as_deref().map(|pointer| pointer.trim_start_matches('/'));
                let name = match field.or(only.parameter.as_deref()) {
                    Some("") => "The body",
                    name => name.unwrap_or("The request"),
                };
                format!("{name} {}.", only.detail)
            }
            more => format!("{} fields have values that they may not have.", more.len()),
        };
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail) }
    }

    /// 422 for one field of the body.
    pub fn invalid_field(field: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::body(field, detail)])
    }

    /// 422 for one query parameter.
    pub fn invalid_parameter(name: &str, detail: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::parameter(name, detail)])
    }

    /// 400 for one header.
    pub fn invalid_header(name: &str, detail: &str) -> Self {
        let errors = vec![FieldError::parameter(name, detail)];
        Self { errors, ..Self::bad_request("invalid_header", format!("{name} {detail}.")) }
    }

    /// 400: the body is not JSON.
    pub fn invalid_json(reason: impl fmt::Display) -> Self {
        Self::bad_request("invalid_json", format!("The body is not valid JSON: {reason}."))
    }

    /// 400: the body is shorter than announced, or its connection broke.
    pub fn incomplete_body() -> Self {
        Self::bad_request("incomplete_body", "The body broke off.")
    }

    /// 408: the body takes too long.
    pub fn slow_body() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "slow_body", "The body did not arrive in time.")
    }

    /// 415: the body says that it is something else.
    pub fn unsupported_media_type() -> Self {
        let detail = "The body must be JSON, with Content-Type: application/json.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    /// How many parameters a query may have. More are refused: none is left out in silence.
    pub const MAX_PARAMETERS: usize = 64;

    /// 400: the query has more parameters.
    pub fn too_many_parameters() -> Self {
        let detail = format!("A query may have at most {} parameters.", Self::MAX_PARAMETERS);
        Self::bad_request("too_many_parameters", detail)
    }

    /// 400: the `Idempotency-Key` is none.
    pub fn invalid_key() -> Self {
        Self::invalid_header("Idempotency-Key", "must be 1 to 255 visible ASCII characters, for example a UUID")
    }

    /// 500: our fault. The reason goes to the log.
    pub fn internal(reason: impl fmt::Display) -> Self {
        let problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something failed on our side.");
        problem.with_internal_message(reason)
    }

    /// 503: a part that this request needs is not there at the moment; safe to retry.
    pub fn unavailable(reason: impl fmt::Display) -> Self {
        let detail = "The service is not available at the moment. Retry with the same Idempotency-Key.";
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
        problem.with_internal_message(reason)
    }

    /// 409: another channel, or a room that is none, has the alias.
    pub fn alias_taken() -> Self {
        let detail = "Another channel has the room alias that this slug would get. Choose another slug.";
        Self::conflict("alias_taken", detail)
    }

    /// 403: `PUT …/members/bob` by somebody else.
    pub fn only_oneself() -> Self {
        Self::forbidden("only_oneself", "You can join only yourself. To add others, invite them.")
    }

    /// Says after how many seconds to try again.
    pub fn retry_after(self, seconds: u16) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Adds what only the log is told.
    pub fn with_internal_message(self, reason: impl fmt::Display) -> Self {
        Self { internal_message: Some(reason.to_string()), ..self }
    }

    /// The JSON body of the response.
    pub fn to_json(&self, request_id: &str) -> Vec<u8> {
        let body = Body {
            r#type: format!("urn:daarion:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            request_id,
            errors: &self.errors,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status.as_u16(), self.code, self.detail)?;
        match &self.internal_message {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_internal_message_stays_inside() {
        let problem = Problem::internal("password=hunter2");
        let body = String::from_utf8(problem.to_json("r1")).unwrap();
        assert!(!body.contains("hunter2"), "{body}");
        assert!(problem.to_string().contains("hunter2"));
    }

    #[test]
    fn what_is_unavailable_says_when_to_try_again() {
        assert_eq!(Problem::unavailable("too many clients").retry_after, Some(1));
        assert_eq!(Problem::internal("").retry_after, None);
    }

    #[test]
    fn a_bad_field_is_named_by_its_pointer() {
        let body: serde_json::Value =
            serde_json::from_slice(&Problem::invalid_field("slug", "must not be empty").to_json("r1")).unwrap();
        assert_eq!(body["errors"][0]["pointer"], "/slug");
        assert_eq!(body["status"], 422);
        assert_eq!(body["detail"], "slug must not be empty.");
        assert_eq!(body["request_id"], "r1");
    }

    #[test]
    fn a_detail_begins_with_what_it_is_about() {
        let detail = |error: FieldError| Problem::invalid(vec![error]).detail;
        assert_eq!(detail(FieldError::whole_body("does not fit")), "The body does not fit.");
        assert_eq!(detail(FieldError::parameter("limit", "is too large")), "limit is too large.");
    }
}
