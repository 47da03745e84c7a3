//! Redactions, as they are recorded: `migrations/functions/messages/delete.sql` and `edit.sql`.

use super::Error;
use super::call::Call;
use messaging_core::file::File;
use messaging_core::ids::EntityId;
use messaging_core::mention::{self, Mention};
use messaging_core::poll::Question;
use messaging_core::search::Entry;
use serde::Deserialize;

/// What a deletion leaves to be done in Matrix.
#[derive(Debug, Default, Deserialize)]
pub struct LeftOfDeletion {
    /// Edits that are to be redacted.
    pub edits: Vec<String>,
    /// The room that still has the message in its list of pinned ones.
    pub unpin_room_id: Option<String>,
}

/// After a message, an edit or a reaction is redacted in Matrix. `by_bot`: the actor is the bot, which acts for somebody else.
/// `edits`: those of the message that the homeserver knows of. Gives what is still to be done in Matrix, because the message
/// is gone; with each redaction the next edits.
pub async fn record_redaction(
    room_id: &str,
    target_event_id: &str,
    actor_id: &EntityId,
    by_bot: bool,
    edits: Vec<String>,
) -> Result<LeftOfDeletion, Error> {
    let left: Option<LeftOfDeletion> = Call::of("record_redaction")
        .arg("p_room_id", room_id)
        .arg("p_target_event_id", target_event_id)
        .arg("p_actor_id", actor_id)
        .arg("p_by_bot", by_bot)
        .arg("p_edit_event_ids", edits)
        .json_if_any()
        .await?;
    Ok(left.unwrap_or_default())
}

/// The event of the message that shows the given edit, if any.
pub async fn find_message_of_edit(room_id: &str, edit_event_id: &str) -> Result<Option<String>, Error> {
    #[derive(Deserialize)]
    struct Found {
        event_id: Option<String>,
    }
    let call = Call::of("find_message_of_edit").arg("p_room_id", room_id).arg("p_edit_event_id", edit_event_id);
    Ok(call.json::<Found>().await?.event_id)
}

/// A redacted edit, and what its message shows instead.
#[derive(Clone, Copy)]
pub struct RecordEditRedaction<'a> {
    /// The room that holds the events.
    pub room_id: &'a str,
    /// The event of the message.
    pub event_id: &'a str,
    /// The redacted edit.
    pub redacted_event_id: &'a str,
    /// The [`beginning`](messaging_core::text::beginning) of the text that counts instead.
    pub content_preview: &'a str,
    /// The edit that counts instead; `None` for the message's first text.
    pub edit_event_id: Option<&'a str>,
    /// When that edit was made, RFC 3339.
    pub edited_at: Option<&'a str>,
    /// What kind of content counts instead; `None` where it stays.
    pub content_type: Option<&'a str>,
    /// Who is meant by it.
    pub mentions: &'a [Mention],
    /// What it asks, if it is a poll.
    pub poll: Option<&'a Question>,
    /// What it is found by; `None` when Matrix has not said what it is.
    pub search: Option<&'a Entry>,
    /// Its file.
    pub file: Option<&'a File>,
}

/// After an edit is redacted in Matrix.
pub async fn record_edit_redaction(record: RecordEditRedaction<'_>) -> Result<(), Error> {
    Call::of("record_edit_redaction")
        .arg("p_room_id", record.room_id)
        .arg("p_event_id", record.event_id)
        .arg("p_redacted_event_id", record.redacted_event_id)
        .arg("p_content_preview", record.content_preview)
        .arg("p_edit_event_id", record.edit_event_id)
        .arg("p_edited_at", record.edited_at)
        .arg("p_content_type", record.content_type)
        .arg("p_mentions", mention::texts(record.mentions))
        .jsonb_if_any("p_search", record.search)
        .jsonb_if_any("p_poll", record.poll)
        .jsonb_if_any("p_file", record.file)
        .done()
        .await
}
