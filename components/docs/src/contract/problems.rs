//! What may go wrong, as the code itself words it.

use http::StatusCode;
use messaging_core::page::parse_limit;
use messaging_core::problem::{FieldError, Problem};

/// The problem behind a code with which the index refuses.
pub fn refusal(code: &str) -> Problem {
    let problem = messaging_edge::refusal::of(&format!("{{\"refused\": \"{code}\"}}")).unwrap();
    assert_ne!(problem.status, StatusCode::INTERNAL_SERVER_ERROR, "{code} is no refusal");
    problem
}

/// Who is calling is not known.
pub fn unauthenticated(header: &str) -> Problem {
    Problem::unauthenticated(format!("Send {header}."))
}

/// The index does not answer, or not as it should.
pub fn index() -> [Problem; 2] {
    [Problem::internal(""), Problem::unavailable("")]
}

/// The homeserver refuses, fails or is slow.
pub fn homeserver() -> [Problem; 3] {
    [
        Problem::forbidden("refused_by_homeserver", "The Matrix room does not let you do this."),
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
    let mut errors = Vec::new();
    parse_limit(Some("0"), &mut errors);
    invalid(errors)
}

/// The emoji of the path is none.
pub fn invalid_emoji() -> Problem {
    Problem::invalid_parameter("emoji", "must be 1 to 128 bytes of UTF-8, percent-encoded")
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

/// Another Matrix room has the alias.
pub fn alias_taken() -> Problem {
    Problem::conflict("alias_taken", "Another Matrix room has the alias that this slug would get. Choose another slug.")
}

/// `PUT …/members/bob`.
pub fn only_oneself() -> Problem {
    Problem::forbidden("only_oneself", "You can join only yourself. To add others, invite them.")
}
