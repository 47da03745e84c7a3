//! The list of a room's pinned events: a call that a gateway may leave out.

use super::Gateway;
use http::Method;
use messaging_core::gateway::{Pinned, Sent, paths};
use messaging_core::ids::EntityId;
use messaging_core::problem::Problem;

impl Gateway {
    /// Pins an event on behalf of `actor`, or as the bot, or takes it out of the room's list; all else in the list stays.
    /// Gives the list's event. What is so already is no error.
    pub async fn set_pinned(
        &self,
        room_id: &str,
        event_id: &str,
        pinned: bool,
        actor: Option<&EntityId>,
    ) -> Result<Sent, Problem> {
        let sender_matrix_id = actor.map(|actor| self.matrix_id(actor));
        let change = Pinned { event_id: event_id.to_owned(), pinned, sender_matrix_id };
        self.call(Method::PUT, paths::PINNED, &[room_id], Some(&change)).await
    }
}
