//! What may go wrong, as the code itself words it.

use crate::page::{FromQuery, MessagePage};
use crate::problem::{FieldError, Problem};

/// Who is calling is not known.
pub fn unauthenticated(header: &str) -> Problem {
    Problem::unauthenticated(format!("Send {header}."))
}

/// The index does not respond, or not as it should.
pub fn index() -> [Problem; 2] {
    [Problem::internal(""), Problem::unavailable("")]
}

/// The homeserver refuses, fails or is slow.
pub fn homeserver() -> [Problem; 6] {
    [
        Problem::refused_by_homeserver(),
        Problem::not_in_matrix(),
        Problem::rejected_by_homeserver(),
        Problem::homeserver_busy(1),
        Problem::homeserver_failed(""),
        Problem::homeserver_timeout(""),
    ]
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
        Problem { detail: "The body is not valid JSON.".into(), ..Problem::invalid_json("") },
        Problem::incomplete_body(),
        Problem::slow_body(),
        Problem::too_large("The body, or the Matrix event that it would become, is too large."),
        Problem::unsupported_media_type(),
        invalid(vec![FieldError::body("text", "must have 1 to 10000 characters")]),
    ]
}
