//! What the gateway's responses mean to the caller.

use http::StatusCode;
use messaging_core::gateway::{ErrorBody, paths};
use messaging_core::problem::Problem;
use serde::de::DeserializeOwned;

/// The response, or why there is none.
pub fn read<T: DeserializeOwned>(path: &str, status: StatusCode, body: &[u8]) -> Result<T, Problem> {
    if status.is_success() {
        return serde_json::from_slice(body)
            .map_err(|e| Problem::homeserver_failed(format!("matrix-gateway {path} responded {e}")));
    }
    Err(refused(path, status, body))
}

/// The Matrix error code of a response, if it has one.
pub fn reason(body: &[u8]) -> Option<String> {
    let error: ErrorBody = serde_json::from_slice(body).ok()?;
    (!error.error.is_empty()).then_some(error.error)
}

/// Whether a gateway says that it has no such call. What the homeserver does not know comes with a Matrix error code.
fn lacks(path: &str, status: StatusCode, error: &str) -> bool {
    let is_unknown = match status {
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => true,
        StatusCode::NOT_FOUND => !error.starts_with("M_") || error == "M_UNRECOGNIZED",
        _ => false,
    };
    paths::is_optional(path) && is_unknown
}

/// A refusal by the homeserver, in the caller's terms.
pub fn refused(path: &str, status: StatusCode, body: &[u8]) -> Problem {
    let error: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    let reason = format!("matrix-gateway {path}: {status} {} {}", error.error, error.message);
    if lacks(path, status, &error.error) {
        return Problem::gateway_lacks(reason);
    }
    match (status, error.error.as_str()) {
        (_, "M_TOO_LARGE") => Problem::too_large("The message is larger than a Matrix event may be (64 KiB)."),
        (StatusCode::GATEWAY_TIMEOUT, _) => Problem::homeserver_timeout(reason),
        (_, "M_FORBIDDEN" | "M_BAD_STATE") => Problem::refused_by_homeserver().with_internal_message(reason),
        (_, "M_ROOM_IN_USE") => Problem::alias_taken(),
        _ => Problem::homeserver_failed(reason),
    }
}
