//! What the OpenAPI document says of the operations.

use super::{SetTyping, Typist};
use crate::openapi::Who::{Caller, Internal};
use crate::openapi::{Operation, WRITERS, WRITING, operation};
use crate::paths;
use crate::refusal::Refusal;
use serde_json::json;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("members", "put", paths::TYPING, "setTyping")
            .does(
                "Say that one types, or has stopped",
                "The channel's sockets get a frame `typing` with everybody who types, and people in Matrix see it as well. It \
                 ends with the message, with `false`, or after 10 seconds: repeat it every few seconds. What comes \
                 within a second changes nothing. Who is no member yet may type, and nobody is told. Nothing is kept of it, so no \
                 `Idempotency-Key` is read.",
            )
            .who(Caller(WRITERS))
            .reads::<SetTyping>(json!({"typing": true}))
            .responds_empty(204, "It is so, whether the homeserver could be told or not.")
            .refuses(&WRITING),
        operation("service", "put", paths::TYPING_IN_ROOM, "tellTyping")
            .does(
                "Have the homeserver told whether a member types",
                "For relays, which take `typing` from sockets: it is told what the index has.",
            )
            .who(Internal("relays"))
            .reads::<Typist>(json!({"member_id": "user:alice"}))
            .responds_empty(204, "The homeserver was told, if it could be reached.")
            .refuses(&[Refusal::ChannelNotFound, Refusal::MemberNotFound]),
    ]
}
