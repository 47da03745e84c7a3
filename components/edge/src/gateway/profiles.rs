//! What one of our own users or agents is called in Matrix, and their picture.

use super::Gateway;
use http::Method;
use messaging_core::gateway::{Avatar, DisplayName, paths};
use messaging_core::ids::EntityId;
use messaging_core::problem::Problem;

impl Gateway {
    /// Sets somebody's name. Setting it to what it is changes nothing.
    pub async fn set_display_name(&self, member_id: &EntityId, name: &str) -> Result<(), Problem> {
        let change = DisplayName { display_name: name.to_owned() };
        self.act(Method::PUT, paths::USER_DISPLAY_NAME, &[&self.matrix_id(member_id)], &change).await
    }

    /// Sets somebody's picture, an `mxc://` address; an empty text removes it.
    pub async fn set_avatar(&self, member_id: &EntityId, avatar_url: &str) -> Result<(), Problem> {
        let change = Avatar { avatar_url: avatar_url.to_owned() };
        self.act(Method::PUT, paths::USER_AVATAR, &[&self.matrix_id(member_id)], &change).await
    }
}
