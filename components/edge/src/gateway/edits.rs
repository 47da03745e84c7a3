//! The edits of an event: a call that a gateway may leave out.

use super::Gateway;
use super::response::{if_offered, read};
use http::{Method, StatusCode};
use messaging_core::gateway::{Edits, paths};
use messaging_core::problem::Problem;

impl Gateway {
    /// The ids of an event's edits, as the homeserver knows them, at most 1,000. None where the gateway cannot say: then
    /// those that the index has seen are all that is known. None either of an event that the homeserver has no more.
    pub async fn edits(&self, room_id: &str, event_id: &str) -> Result<Vec<String>, Problem> {
        let (status, body) = self.exchange(Method::GET, paths::EDITS, &[room_id, event_id], None::<&()>).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        let edits = if_offered(read::<Edits>(paths::EDITS, status, &body))?;
        Ok(edits.unwrap_or_default().event_ids)
    }
}
