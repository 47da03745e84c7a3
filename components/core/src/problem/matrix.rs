//! What goes wrong behind the gateway.

use super::Problem;
use http::StatusCode;
use std::fmt;

const GATEWAY_LACKS: &str = "gateway_lacks";

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
}
