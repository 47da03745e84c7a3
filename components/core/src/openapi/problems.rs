//! What may go wrong, as the code itself words it.

use crate::page::{FromQuery, MessagePage};
use crate::problem::{FieldError, Problem};
use http::StatusCode;

/// Who is calling is not known.
pub fn unauthenticated(header: &str) -> Problem {
    Problem::unauthenticated(format!("Send {header}."))
}

/// The index does not respond, or not as it should.
pub fn index() -> [Problem; 2] {
    [Problem::internal(""), Problem::unavailable("")]
}

/// The homeserver refuses, fails or is slow.
pub fn homeserver() -> [Problem; 3] {
    [Problem::refused_by_homeserver(), Problem::homeserver_failed(""), Problem::homeserver_timeout("")]
}

/// Values that they may not have.
pub fn invalid(errors: Vec<FieldError>) -> Problem {
    Problem {
        detail: "A value is not allowed; `errors` says which one, and what it has to be.".into(),
        ..Problem::invalid(errors)
    }
}

/// Query parameters have values that they may not have.
pub fn invalid_query() -> Problem {
    let limit = MessagePage::from_query(&|name| (name == "limit").then_some("0"));
    invalid(limit.err().map(|problem| problem.errors).unwrap_or_default())
}

/// The body is none that can be read, or its fields have values that they may not have.
pub fn body() -> [Problem; 6] {
    [
        Problem::bad_request("invalid_json", "The body is not valid JSON."),
        Problem::bad_request("incomplete_body", "The body broke off."),
        Problem::new(StatusCode::REQUEST_TIMEOUT, "slow_body", "The body did not arrive in time."),
        Problem::too_large("The body, or the Matrix event that it would become, is too large."),
        Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be JSON, with Content-Type: application/json.",
        ),
        invalid(vec![FieldError::body("text", "must have 1 to 10000 characters")]),
    ]
}

/// The `Idempotency-Key` is none.
pub fn invalid_key() -> Problem {
    Problem::invalid_header("Idempotency-Key", "must be 1 to 255 visible ASCII characters, for example a UUID")
}
