//! Who types: a call that a gateway may leave out.

use super::Gateway;
use crate::deadline::within;
use http::Method;
use messaging_core::gateway::{TypingChange, paths};
use messaging_core::ids::EntityId;
use std::time::Duration;

/// How long one waits for it: it is worth no more.
const DEADLINE: Duration = Duration::from_secs(1);
/// How long it holds in the room, in milliseconds. It is told every 10 seconds at most, by who says it at least as often, so
/// it does not end in between.
const TIMEOUT: u32 = 20_000;

impl Gateway {
    /// Tells the room that somebody types or has stopped, if the gateway and the homeserver can be told in a second: what
    /// fails is over in a moment anyway.
    pub async fn tell_typing(&self, room_id: &str, typist: &EntityId, typing: bool) {
        let body = TypingChange { user_id: self.matrix_id(typist), typing, timeout: typing.then_some(TIMEOUT) };
        let _ = within(DEADLINE, self.act(Method::PUT, paths::TYPING, &[room_id], &body)).await;
    }
}
