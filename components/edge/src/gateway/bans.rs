//! Bans: calls that a gateway may leave out. The index knows who is banned, so that it holds there as well.

use super::response::if_offered;
use super::{Gateway, membership};
use http::Method;
use messaging_core::gateway::{MembershipChange, paths};
use messaging_core::ids::EntityId;
use messaging_core::problem::Problem;

impl Gateway {
    /// Bans somebody from a room on behalf of `actor`, or as the bot. `false`: the gateway cannot; they are still there.
    pub async fn ban(&self, room_id: &str, user_id: &str, actor: Option<&EntityId>) -> Result<bool, Problem> {
        self.if_it_can(paths::BAN, room_id, user_id, actor).await
    }

    /// Ends a ban on behalf of `actor`; of somebody who is not banned it is no error.
    pub async fn unban(&self, room_id: &str, user_id: &str, actor: &EntityId) -> Result<(), Problem> {
        self.if_it_can(paths::UNBAN, room_id, user_id, Some(actor)).await.map(|_| ())
    }

    async fn if_it_can(
        &self,
        path: &'static str,
        room_id: &str,
        user_id: &str,
        actor: Option<&EntityId>,
    ) -> Result<bool, Problem> {
        let change = MembershipChange {
            kicker: actor.map(ToString::to_string),
            kicker_matrix_id: actor.map(|actor| self.matrix_id(actor)),
            ..membership(room_id, user_id)
        };
        Ok(if_offered(self.act(Method::POST, path, &[], &change).await)?.is_some())
    }
}
