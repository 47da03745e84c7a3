//! The edits of an event: a call that a gateway may leave out.

use super::Gateway;
use super::response::refused;
use http::{Method, StatusCode};
use messaging_core::gateway::{Edits, paths};
use messaging_core::problem::Problem;

impl Gateway {
    /// The ids of an event's edits, as the homeserver knows them, at most 1,000. None where the gateway cannot say: then
    /// those that the index has seen are all that is known.
    pub async fn edits(&self, room_id: &str, event_id: &str) -> Result<Vec<String>, Problem> {
        let (status, body) = self.exchange(Method::GET, paths::EDITS, &[room_id, event_id], None::<&()>).await?;
        match status {
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(Vec::new()),
            status if status.is_success() => serde_json::from_slice(&body)
                .map(|edits: Edits| edits.event_ids)
                .map_err(|e| Problem::homeserver_failed(format!("matrix-gateway {} responded {e}", paths::EDITS))),
            status => Err(refused(paths::EDITS, status, &body)),
        }
    }
}
