//! What a Matrix error means: the one place that reads its codes (client-server API, "Common error codes" and "Other error
//! codes"). A request that the homeserver refuses is refused to the caller as well; only what may pass by itself asks for a
//! retry.

use http::StatusCode;

/// Whose matter an error of the homeserver is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The room or the homeserver does not let this person do it.
    Refused,
    /// Matrix does not have the room, the event or the user.
    Missing,
    /// The request is none that the homeserver takes, however often it comes.
    Rejected,
    /// It is larger than an event may be.
    TooLarge,
    /// Another room has the alias.
    AliasTaken,
    /// The homeserver asks for a pause.
    Busy,
    /// The deployment is not set up right: its operator has to act.
    Misconfigured,
    /// The homeserver failed; it may pass.
    Failed,
}

impl Meaning {
    /// The meaning of a response with this status and code. A response without a code is none of the homeserver's: a proxy
    /// or a wrong address is behind it.
    pub fn of(status: StatusCode, errcode: &str) -> Self {
        match errcode {
            code if !code.starts_with("M_") => Self::Failed,
            "M_LIMIT_EXCEEDED" | "M_RESOURCE_LIMIT_EXCEEDED" => Self::Busy,
            "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" | "M_EXCLUSIVE" | "M_UNSUPPORTED_ROOM_VERSION" | "M_UNRECOGNIZED" => {
                Self::Misconfigured
            }
            "M_FORBIDDEN"
            | "M_BAD_STATE"
            | "M_GUEST_ACCESS_FORBIDDEN"
            | "M_USER_DEACTIVATED"
            | "M_USER_LOCKED"
            | "M_USER_SUSPENDED"
            | "M_INVITE_BLOCKED"
            | "M_CONSENT_NOT_GIVEN"
            | "M_UNABLE_TO_AUTHORISE_JOIN"
            | "M_UNABLE_TO_GRANT_JOIN"
            | "M_INCOMPATIBLE_ROOM_VERSION"
            | "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM" => Self::Refused,
            "M_TOO_LARGE" => Self::TooLarge,
            "M_ROOM_IN_USE" => Self::AliasTaken,
            _ => Self::of_status(status),
        }
    }

    /// For codes that say no more than the status, `M_UNKNOWN` among them, and for those that the specification has not yet.
    fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            // About the gateway's own token.
            401 => Self::Misconfigured,
            403 => Self::Refused,
            404 | 410 => Self::Missing,
            // The path or the method is not known.
            405 => Self::Misconfigured,
            // The homeserver did not get the request in time.
            408 => Self::Failed,
            413 => Self::TooLarge,
            429 => Self::Busy,
            400..=499 => Self::Rejected,
            _ => Self::Failed,
        }
    }
}

/// What an operator has to look at, for the log.
pub fn advice(errcode: &str) -> &'static str {
    match errcode {
        "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN" => {
            "MATRIX_AS_TOKEN is not the as_token of the application service that the homeserver has registered"
        }
        "M_EXCLUSIVE" => "the namespaces of the application service's registration do not have this user or alias",
        "M_UNSUPPORTED_ROOM_VERSION" => "the homeserver is too old for the room version that channels need",
        "M_RESOURCE_LIMIT_EXCEEDED" => "the homeserver has reached a limit that its administrator has set",
        _ => "the homeserver does not offer this, or is not at MATRIX_HOMESERVER_URL",
    }
}

#[cfg(test)]
mod tests {
    use super::Meaning::*;
    use super::*;

    #[test]
    fn every_code_has_its_meaning() {
        let table = [
            (403, "M_FORBIDDEN", Refused),
            (403, "M_BAD_STATE", Refused),
            (401, "M_GUEST_ACCESS_FORBIDDEN", Refused),
            (403, "M_USER_DEACTIVATED", Refused),
            (401, "M_USER_LOCKED", Refused),
            (403, "M_USER_SUSPENDED", Refused),
            (403, "M_INVITE_BLOCKED", Refused),
            (403, "M_CONSENT_NOT_GIVEN", Refused),
            (400, "M_UNABLE_TO_AUTHORISE_JOIN", Refused),
            (400, "M_UNABLE_TO_GRANT_JOIN", Refused),
            (400, "M_INCOMPATIBLE_ROOM_VERSION", Refused),
            (403, "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM", Refused),
            (403, "M_UNKNOWN", Refused),
            (404, "M_NOT_FOUND", Missing),
            (404, "M_UNKNOWN", Missing),
            (400, "M_UNKNOWN", Rejected),
            (400, "M_BAD_JSON", Rejected),
            (400, "M_NOT_JSON", Rejected),
            (400, "M_INVALID_PARAM", Rejected),
            (400, "M_MISSING_PARAM", Rejected),
            (400, "M_INVALID_USERNAME", Rejected),
            (400, "M_INVALID_ROOM_STATE", Rejected),
            (400, "M_BAD_ALIAS", Rejected),
            (400, "M_USER_IN_USE", Rejected),
            (400, "M_DUPLICATE_ANNOTATION", Rejected),
            (409, "M_CONFLICT", Rejected),
            (422, "M_FROM_THE_FUTURE", Rejected),
            (413, "M_TOO_LARGE", TooLarge),
            (400, "M_TOO_LARGE", TooLarge),
            (413, "M_UNKNOWN", TooLarge),
            (400, "M_ROOM_IN_USE", AliasTaken),
            (409, "M_ROOM_IN_USE", AliasTaken),
            (429, "M_LIMIT_EXCEEDED", Busy),
            (429, "M_UNKNOWN", Busy),
            (403, "M_RESOURCE_LIMIT_EXCEEDED", Busy),
            (401, "M_UNKNOWN_TOKEN", Misconfigured),
            (401, "M_MISSING_TOKEN", Misconfigured),
            (401, "M_UNKNOWN", Misconfigured),
            (400, "M_EXCLUSIVE", Misconfigured),
            (400, "M_UNSUPPORTED_ROOM_VERSION", Misconfigured),
            (404, "M_UNRECOGNIZED", Misconfigured),
            (405, "M_UNKNOWN", Misconfigured),
            (408, "M_UNKNOWN", Failed),
            (500, "M_UNKNOWN", Failed),
            (502, "M_CONNECTION_FAILED", Failed),
            (504, "M_CONNECTION_TIMEOUT", Failed),
            (404, "", Failed),
            (403, "forbidden", Failed),
            (400, "<html>", Failed),
        ];
        for (status, errcode, meaning) in table {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Meaning::of(status, errcode), meaning, "{status} {errcode}");
        }
    }

    #[test]
    fn what_the_homeserver_refuses_is_never_a_failure_that_invites_a_retry() {
        for status in (400..=499).filter(|status| ![401, 405, 408].contains(status)) {
            let meaning = Meaning::of(StatusCode::from_u16(status).unwrap(), "M_OF_A_LATER_VERSION");
            assert!(!matches!(meaning, Failed | Misconfigured), "{status}");
        }
    }

    #[test]
    fn an_operator_reads_what_to_look_at() {
        assert!(advice("M_UNKNOWN_TOKEN").contains("MATRIX_AS_TOKEN"));
        assert!(advice("M_EXCLUSIVE").contains("namespaces"));
        assert!(advice("M_UNRECOGNIZED").contains("MATRIX_HOMESERVER_URL"));
    }
}
