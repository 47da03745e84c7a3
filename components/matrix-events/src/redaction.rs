//! Redactions: of a message, of a reaction, or of an edit, which brings back what was there before.

use crate::index::{Event, Sender, is_id, sent_at, text};
use messaging_core::matrix;
use messaging_core::text::preview;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, store};
use serde::Deserialize;
use serde_json::Value;
use spin_sdk::pg::ParameterValue;

#[derive(Deserialize)]
struct Edited {
    /// The message that shows the redacted edit.
    event_id: Option<String>,
}

pub async fn apply(event: &Event, sender: &Sender) -> Result<(), Problem> {
    // From room version 11 on the target is in the content (Matrix specification, "Room version 11").
    let target = matrix::text(&event.content, "redacts").or(event.redacts.as_deref()).filter(|id| is_id(id));
    let Some(target) = target else { return Ok(()) };
    let edited: Edited = store::call("find_edited", vec![text(&event.room_id), text(target)]).await?;
    if let Some(edited) = edited.event_id {
        return unedit(event, &edited, target).await;
    }
    let parameters =
        vec![text(&event.room_id), text(target), text(sender.id.as_str()), ParameterValue::Boolean(sender.by_bot)];
    store::call_raw("record_redaction", parameters).await.map(|_| ())
}

async fn unedit(event: &Event, edited: &str, redacted: &str) -> Result<(), Problem> {
    // Without an answer the text goes all the same: better no preview than one that was taken back.
    let now = Gateway::from_settings().await?.event(&event.room_id, edited).await.unwrap_or(Value::Null);
    let content = matrix::newest_content(&now);
    let edit = matrix::newest_edit(&now);
    let parameters = vec![
        text(&event.room_id),
        text(edited),
        text(redacted),
        ParameterValue::Str(preview(matrix::text(&content, "body").unwrap_or(""))),
        store::nullable(edit.and_then(|edit| matrix::text(edit, "event_id"))),
        store::nullable(edit.and_then(|edit| sent_at(edit.get("origin_server_ts").unwrap_or(&Value::Null)))),
    ];
    store::call_raw("record_unedit", parameters).await.map(|_| ())
}
