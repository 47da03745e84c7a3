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

/// What an optional call gives; `None` where the gateway does not offer it.
pub fn if_offered<T>(result: Result<T, Problem>) -> Result<Option<T>, Problem> {
    match result {
        Err(problem) if problem.is_gateway_lacks() => Ok(None),
        other => other.map(Some),
    }
}

/// Whether a gateway, or the homeserver behind it, says that it has no such call. What the homeserver does not know comes
/// with another Matrix error code.
fn lacks(path: &str, status: StatusCode, error: &str) -> bool {
    let is_unknown = match status {
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => true,
        StatusCode::NOT_FOUND if !error.starts_with("M_") => true,
        _ => error == "M_UNRECOGNIZED",
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

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONAL: [&str; 12] = [
        paths::MEMBERS,
        paths::EVENT,
        paths::EDITS,
        paths::STATE,
        paths::TOPIC,
        paths::AVATAR,
        paths::VISIBILITY,
        paths::POWER_LEVEL,
        paths::READ_ONLY,
        paths::BAN,
        paths::UNBAN,
        paths::HEALTH,
    ];

    fn is_offered(path: &str, status: u16, body: &str) -> Result<bool, u16> {
        let answer = read::<serde_json::Value>(path, StatusCode::from_u16(status).unwrap(), body.as_bytes());
        if_offered(answer).map(|answer| answer.is_some()).map_err(|problem| problem.status.as_u16())
    }

    #[test]
    fn what_a_gateway_does_not_offer_is_told_from_what_failed() {
        let of = |errcode: &str| format!(r#"{{"error": "{errcode}", "message": "x"}}"#);
        let (unrecognized, not_found) = (of("M_UNRECOGNIZED"), of("M_NOT_FOUND"));
        let (forbidden, unknown) = (of("M_FORBIDDEN"), of("M_UNKNOWN"));
        for path in OPTIONAL {
            assert_eq!(is_offered(path, 200, "{}"), Ok(true), "{path}");
            for status in [404, 405, 501] {
                for body in ["", "<html>", "null", r#"{"error": "no such route"}"#, &unrecognized] {
                    assert_eq!(is_offered(path, status, body), Ok(false), "{path} {status} {body}");
                }
            }
            // A homeserver of before, and one whose refusal a gateway passes on as its failure.
            assert_eq!([400, 502].map(|status| is_offered(path, status, &unrecognized)), [Ok(false); 2], "{path}");
            for (status, body, problem) in [
                (404, &*not_found, 502),
                (404, &unknown, 502),
                (403, &forbidden, 403),
                (400, "", 502),
                (500, "", 502),
                (502, &unknown, 502),
                (504, "", 504),
            ] {
                assert_eq!(is_offered(path, status, body), Err(problem), "{path} {status} {body}");
            }
        }
    }

    #[test]
    fn what_the_platform_specifies_is_offered_by_every_gateway() {
        for path in [paths::SEND, paths::REDACT, paths::INVITE, paths::KICK, paths::NAME] {
            for status in [404, 405] {
                assert_eq!(is_offered(path, status, ""), Err(502), "{path} {status}");
            }
        }
    }
}
