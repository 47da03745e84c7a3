//! What the gateway's responses mean to the caller.

use bytes::Bytes;
use http::{StatusCode, header};
use messaging_core::gateway::{ErrorBody, Meaning, paths};
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

/// The homeserver, or the gateway itself, asks for a pause (RFC 9110, section 10.2.3).
pub fn busy(path: &str, response: &http::Response<Bytes>) -> Problem {
    let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let error = ErrorBody::read(response.body());
    let reason = format!("matrix-gateway {path}: {} {} {}", response.status(), error.error, error.message);
    Problem::homeserver_busy(seconds.unwrap_or(1)).with_internal_message(reason)
}

/// A refusal by the homeserver, in the caller's terms.
pub fn refused(path: &str, status: StatusCode, body: &[u8]) -> Problem {
    let error = ErrorBody::read(body);
    let reason = format!("matrix-gateway {path}: {status} {} {}", error.error, error.message);
    if lacks(path, status, &error.error) {
        return Problem::gateway_lacks(reason);
    }
    let problem = match Meaning::of(status, &error.error) {
        Meaning::Refused => Problem::refused_by_homeserver(),
        Meaning::Missing => Problem::not_in_matrix(),
        Meaning::Rejected => Problem::rejected_by_homeserver(),
        Meaning::TooLarge => Problem::too_large("The message is larger than a Matrix event may be (64 KiB)."),
        Meaning::AliasTaken => Problem::alias_taken(),
        Meaning::Busy => Problem::homeserver_busy(1),
        Meaning::Failed if status == StatusCode::GATEWAY_TIMEOUT => Problem::homeserver_timeout(""),
        Meaning::Misconfigured | Meaning::Failed => Problem::homeserver_failed(""),
    };
    problem.with_internal_message(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONAL: [&str; 19] = [
        paths::MEDIA_CONFIG,
        paths::MEDIA,
        paths::MEDIA_THUMBNAIL,
        paths::PINNED,
        paths::TYPING,
        paths::MEMBERS,
        paths::EVENT,
        paths::EDITS,
        paths::STATE,
        paths::TOPIC,
        paths::AVATAR,
        paths::VISIBILITY,
        paths::POWER_LEVEL,
        paths::READ_ONLY,
        paths::DIRECT,
        paths::BAN,
        paths::UNBAN,
        paths::RECEIPT,
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
                (404, &*not_found, 404),
                (404, &unknown, 404),
                (403, &forbidden, 403),
                (400, &unknown, 422),
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
    fn every_error_of_the_homeserver_is_the_callers_or_says_that_a_retry_may_help() {
        let table = [
            (403, "M_FORBIDDEN", 403, "refused_by_homeserver"),
            (400, "M_BAD_STATE", 403, "refused_by_homeserver"),
            (403, "M_USER_DEACTIVATED", 403, "refused_by_homeserver"),
            (404, "M_NOT_FOUND", 404, "not_in_matrix"),
            (404, "M_UNKNOWN", 404, "not_in_matrix"),
            (400, "M_BAD_JSON", 422, "rejected_by_homeserver"),
            (400, "M_UNKNOWN", 422, "rejected_by_homeserver"),
            (413, "M_TOO_LARGE", 413, "too_large"),
            (409, "M_ROOM_IN_USE", 409, "alias_taken"),
            (403, "M_RESOURCE_LIMIT_EXCEEDED", 503, "homeserver_busy"),
            (502, "M_UNKNOWN_TOKEN", 502, "homeserver_failed"),
            (401, "M_MISSING_TOKEN", 502, "homeserver_failed"),
            (502, "M_UNKNOWN", 502, "homeserver_failed"),
            (500, "", 502, "homeserver_failed"),
            (404, "", 502, "homeserver_failed"),
            (504, "M_UNKNOWN", 504, "homeserver_timeout"),
        ];
        for (status, errcode, told, code) in table {
            let body = format!(r#"{{"error": "{errcode}", "message": "inside"}}"#);
            let problem = refused(paths::SEND, StatusCode::from_u16(status).unwrap(), body.as_bytes());
            assert_eq!((problem.status.as_u16(), problem.code), (told, code), "{status} {errcode}");
            assert_eq!(problem.detail.contains("etry with"), told > 499, "{}", problem.detail);
            assert_eq!(problem.retry_after.is_some(), told == 503, "{status} {errcode}");
            assert!(problem.internal_message.is_some_and(|reason| reason.contains("inside")));
        }
    }

    #[test]
    fn a_pause_is_as_long_as_it_is_said_and_no_day() {
        let pause = |said: Option<&str>| {
            let response = http::Response::builder().status(429);
            let response = said.into_iter().fold(response, |response, said| response.header("retry-after", said));
            busy(paths::SEND, &response.body(Bytes::new()).unwrap()).retry_after
        };
        assert_eq!(
            [None, Some("7"), Some("soon"), Some("99999999")].map(pause),
            [Some(1), Some(7), Some(1), Some(300)]
        );
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
