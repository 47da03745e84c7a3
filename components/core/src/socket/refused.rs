//! Refusals: why a socket is closed before it carries anything.

use crate::problem::Problem;
use http::StatusCode;
use strum::{IntoStaticStr, VariantArray};

/// Why the relay refuses a WebSocket. A browser does not show the response to a handshake, so the relay completes it and
/// closes with one of these codes at once; who asks for no WebSocket gets the problem document. The text of a variant is
/// the close frame's reason. Its description says what happened, and in a second paragraph what the client does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(strum::EnumMessage))]
#[repr(u16)]
pub enum RefusalCode {
    /// The database does not answer at the moment, the relay stops, or it has as many sockets as it takes.
    ///
    /// Connect again after some seconds.
    #[strum(serialize = "try again")]
    TryAgain = 1013,
    /// The query cannot be read; `since_seq` is not a whole number from 0 on.
    ///
    /// Do not connect again.
    #[strum(serialize = "bad request")]
    BadRequest = 4400,
    /// There is no token, or one that is wrong or has expired.
    ///
    /// Connect again with a new one.
    #[strum(serialize = "no valid token")]
    Unauthenticated = 4401,
    /// The caller knows of the channel, and may not read it; or a page of this origin may not connect.
    ///
    /// Do not connect again.
    #[strum(serialize = "no access")]
    NoAccess = 4403,
    /// There is no such channel, or the caller may not know of it.
    ///
    /// Do not connect again.
    #[strum(serialize = "channel not found")]
    NotFound = 4404,
    /// The caller has as many sockets open as one may.
    ///
    /// Close others first.
    #[strum(serialize = "too many sockets")]
    TooManySockets = 4429,
}

impl RefusalCode {
    /// The code for what a plain request would be told.
    pub fn of(problem: &Problem) -> Self {
        match problem.status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::NoAccess,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManySockets,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::TryAgain,
        }
    }

    /// The number in the close frame.
    pub fn code(self) -> u16 {
        self as u16
    }

    /// The reason in the close frame: a few words for people.
    pub fn reason(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_different_and_reasons_fit_into_a_close_frame() {
        let codes: Vec<_> = RefusalCode::VARIANTS.iter().map(|refused| refused.code()).collect();
        assert_eq!(codes, [1013, 4400, 4401, 4403, 4404, 4429]);
        // RFC 6455, section 5.5: 125 bytes, two of which are the code.
        assert!(RefusalCode::VARIANTS.iter().all(|refused| (1..=123).contains(&refused.reason().len())));
    }

    #[test]
    fn every_problem_has_a_code() {
        let of = |status| RefusalCode::of(&Problem::new(status, "x", "x"));
        assert_eq!(of(StatusCode::UNAUTHORIZED), RefusalCode::Unauthenticated);
        assert_eq!(of(StatusCode::FORBIDDEN), RefusalCode::NoAccess);
        assert_eq!(of(StatusCode::NOT_FOUND), RefusalCode::NotFound);
        assert_eq!(of(StatusCode::TOO_MANY_REQUESTS), RefusalCode::TooManySockets);
        assert_eq!(of(StatusCode::UNPROCESSABLE_ENTITY), RefusalCode::BadRequest);
        assert_eq!(of(StatusCode::BAD_REQUEST), RefusalCode::BadRequest);
        assert_eq!(of(StatusCode::SERVICE_UNAVAILABLE), RefusalCode::TryAgain);
        assert_eq!(of(StatusCode::INTERNAL_SERVER_ERROR), RefusalCode::TryAgain);
    }
}
