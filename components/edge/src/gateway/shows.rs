//! Whether the homeserver shows an event.

use super::Gateway;
use super::response::{if_offered, read, reason};
use http::{Method, StatusCode};
use messaging_core::gateway::{AnyObject, paths};
use messaging_core::problem::Problem;

impl Gateway {
    /// Whether the homeserver shows an event to the bot. It is taken to where that cannot be asked: in a room without the
    /// bot, and of a gateway without this call.
    pub async fn shows(&self, room_id: &str, event_id: &str) -> Result<bool, Problem> {
        let (status, body) = self.exchange(Method::GET, paths::EVENT, &[room_id, event_id], None::<&()>).await?;
        match reason(&body).as_deref() {
            _ if status.is_success() => read::<AnyObject>(paths::EVENT, status, &body).map(|_| true),
            Some("M_NOT_FOUND") if status == StatusCode::NOT_FOUND => Ok(false),
            // An id that can be none: no homeserver has such an event.
            Some("M_INVALID_PARAM") if status == StatusCode::BAD_REQUEST => Ok(false),
            Some("M_FORBIDDEN") => Ok(true),
            _ => if_offered(read::<AnyObject>(paths::EVENT, status, &body)).map(|_| true),
        }
    }
}
