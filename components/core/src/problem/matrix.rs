//! What goes wrong behind the gateway.

use super::Problem;
use http::StatusCode;
use std::fmt;

const GATEWAY_LACKS: &str = "gateway_lacks";
const NOT_IN_MATRIX: &str = "not_in_matrix";
const REJECTED: &str = "rejected_by_homeserver";
const BUSY: &str = "homeserver_busy";
/// The longest pause that a caller is asked for, in seconds: no homeserver's answer keeps anybody away for a day.
const MAX_PAUSE: u16 = 300;

impl Problem {
    /// 502: the homeserver failed; safe to retry.
    pub fn homeserver_failed(reason: impl fmt::Display) -> Self {
        let detail = "The homeserver could not carry this out. Retry with the same Idempotency-Key.";
        let problem = Self::new(StatusCode::BAD_GATEWAY, "homeserver_failed", detail);
        problem.with_internal_message(reason)
    }

    /// 504: the homeserver did not answer in time; safe to retry.
    pub fn homeserver_timeout(reason: impl fmt::Display) -> Self {
        let detail = "The homeserver did not answer in time. Retry with the same Idempotency-Key.";
        let problem = Self::new(StatusCode::GATEWAY_TIMEOUT, "homeserver_timeout", detail);
        problem.with_internal_message(reason)
    }

    /// 501: the gateway of this deployment offers only what the platform's specification has, and this needs more.
    pub fn gateway_lacks(reason: impl fmt::Display) -> Self {
        let detail = "The Matrix gateway of this deployment does not offer what this needs.";
        Self::new(StatusCode::NOT_IMPLEMENTED, GATEWAY_LACKS, detail).with_internal_message(reason)
    }

    /// Whether it is [`gateway_lacks`](Self::gateway_lacks): where there is a poorer way, it is taken.
    pub fn is_gateway_lacks(&self) -> bool {
        self.code == GATEWAY_LACKS
    }

    /// 403: the index allows it, but the room does not.
    pub fn refused_by_homeserver() -> Self {
        Self::forbidden("refused_by_homeserver", "The Matrix room does not let you do this.")
    }

    /// 404: the index has the thing, and Matrix does not.
    pub fn not_in_matrix() -> Self {
        let detail = "Matrix does not have this room, event or person any more. To try again does not help.";
        Self::new(StatusCode::NOT_FOUND, NOT_IN_MATRIX, detail)
    }

    /// 422: the homeserver does not take the request, and would not the next time.
    pub fn rejected_by_homeserver() -> Self {
        let detail = "The homeserver does not accept this. To try again does not help.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, REJECTED, detail)
    }

    /// 503: the homeserver asks for a pause of so many seconds.
    pub fn homeserver_busy(seconds: u64) -> Self {
        let detail = "The homeserver asks for a pause. Retry with the same Idempotency-Key when it is over.";
        Self {
            retry_after: Some(u16::try_from(seconds).unwrap_or(u16::MAX).clamp(1, MAX_PAUSE)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, BUSY, detail)
        }
    }

    /// Whether it is [`not_in_matrix`](Self::not_in_matrix): what was to be taken out is out.
    pub fn is_not_in_matrix(&self) -> bool {
        self.code == NOT_IN_MATRIX
    }

    /// Whether the gateway or the homeserver behind it is why this could not be done, and not a decision of the index or
    /// the room.
    pub fn is_of_matrix(&self) -> bool {
        self.is_answer_of_matrix() || self.is_outage_of_matrix()
    }

    /// Whether the homeserver has answered that it will not, whoever asks again.
    pub fn is_answer_of_matrix(&self) -> bool {
        [NOT_IN_MATRIX, REJECTED].contains(&self.code)
    }

    /// Whether the gateway or the homeserver fails, and may be asked again.
    pub fn is_outage_of_matrix(&self) -> bool {
        matches!(self.status, StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) || self.code == BUSY
    }
}
