//! The bot in rooms that events name.

use super::response::read;
use super::{Gateway, membership};
use http::{Method, StatusCode};
use messaging_core::gateway::{AnyObject, paths};
use messaging_core::problem::Problem;

impl Gateway {
    /// Joins the bot to a room that an event names, which may be any text. `false` when there is no such room or the bot may
    /// not: that is the answer, and no failure that a later try would mend.
    pub async fn join_named(&self, room_id: &str, bot: &str) -> Result<bool, Problem> {
        let (status, body) = self.exchange(Method::POST, paths::JOIN, &[], Some(&membership(room_id, bot))).await?;
        match status {
            StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Ok(false),
            _ => read::<AnyObject>(paths::JOIN, status, &body).map(|_| true),
        }
    }
}
