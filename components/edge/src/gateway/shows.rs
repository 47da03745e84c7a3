//! Whether the homeserver shows an event.

use super::{Gateway, refused};
use http::{Method, StatusCode};
use messaging_core::gateway::{ErrorBody, paths};
use messaging_core::problem::Problem;

impl Gateway {
    /// Whether the homeserver shows an event to the bot. It is taken to where that cannot be asked: in a room without the
    /// bot, and of a gateway without this call.
    pub async fn shows(&self, room_id: &str, event_id: &str) -> Result<bool, Problem> {
        let (status, body) = self.exchange(Method::GET, paths::EVENT, &[room_id, event_id], None::<&()>).await?;
        if status.is_success() {
            return Ok(true);
        }
        let error: ErrorBody = serde_json::from_slice(&body).unwrap_or_default();
        match (status, error.error.as_str()) {
            (StatusCode::NOT_FOUND, "M_NOT_FOUND") => Ok(false),
            (_, "M_FORBIDDEN" | "M_UNRECOGNIZED") | (StatusCode::NOT_FOUND | StatusCode::NOT_IMPLEMENTED, _) => {
                Ok(true)
            }
            _ => Err(refused(paths::EVENT, status, &body)),
        }
    }
}
