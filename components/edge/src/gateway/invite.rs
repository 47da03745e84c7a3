//! Invitations, and conversations of two.

use super::response::if_offered;
use super::{Gateway, membership};
use http::Method;
use messaging_core::gateway::{DirectRoom, MembershipChange, paths};
use messaging_core::ids::EntityId;
use messaging_core::problem::Problem;

impl Gateway {
    /// Invites somebody on behalf of `inviter`, to a conversation of two (`is_direct`) or to any other room; inviting a member
    /// again is no error.
    pub async fn invite(
        &self,
        room_id: &str,
        user_id: &str,
        inviter: &EntityId,
        is_direct: bool,
    ) -> Result<(), Problem> {
        let change = MembershipChange {
            inviter: Some(inviter.to_string()),
            inviter_matrix_id: Some(self.matrix_id(inviter)),
            is_direct: is_direct.then_some(true),
            ..membership(room_id, user_id)
        };
        self.act(Method::POST, paths::INVITE, &[], &change).await
    }

    /// Has the Matrix clients of both show a room as their conversation, as far as they are our users. Where the gateway
    /// cannot, it is a room like any other to them.
    pub async fn mark_direct(&self, room_id: &str, one: &EntityId, other: &EntityId) -> Result<(), Problem> {
        let user_ids = [one, other].map(|id| self.matrix_id(id)).to_vec();
        if_offered(self.act(Method::PUT, paths::DIRECT, &[room_id], &DirectRoom { user_ids }).await).map(|_| ())
    }
}
