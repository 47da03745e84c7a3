//! Edits of messages: `migrations/functions/messages/edit.sql`.

use super::call::Call;
use super::messages::at_message;
use super::{Document, Error};
use messaging_core::auth::Caller;
use messaging_core::file::File;
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::EntityId;
use messaging_core::mention::{self, Mention};
use messaging_core::paths::MessagePath;
use messaging_core::poll::Question;
use messaging_core::rate_limit::Class;
use messaging_core::search::Entry;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An edit that the caller may make.
#[derive(Debug, Deserialize)]
pub struct PreparedEdit {
    /// The room that holds the event.
    pub room_id: String,
    /// The event.
    pub event_id: String,
    /// What kind of content the message has.
    #[serde(default)]
    pub content_type: String,
    /// Who is meant by it.
    #[serde(default)]
    pub mentions: Vec<Mention>,
    /// When this was first asked for, RFC 3339, if it was asked for with a key.
    pub asked_at: Option<String>,
    /// This request was carried out before: this is the message as it is now.
    pub message: Option<Box<RawValue>>,
}

/// Before a message is edited in Matrix.
pub async fn prepare_edit(
    caller: &Caller,
    at: MessagePath,
    client_key: Option<&ClientKey>,
    fingerprint: &str,
    is_encrypted: bool,
    mentions_room: bool,
) -> Result<PreparedEdit, Error> {
    at_message("prepare_edit", caller, at)
        .arg("p_client_key", client_key)
        .arg("p_fingerprint", client_key.map(|_| fingerprint))
        .arg("p_is_encrypted", is_encrypted)
        .arg("p_mentions_room", mentions_room)
        .limited(Class::Edit, caller)
        .await
        .json()
        .await
}

/// An edit that is in Matrix.
#[derive(Clone, Copy)]
pub struct RecordEdit<'a> {
    /// The room that holds the event.
    pub room_id: &'a str,
    /// The event that is edited.
    pub target_event_id: &'a str,
    /// The edit.
    pub event_id: &'a str,
    /// Who edited.
    pub sender_id: &'a EntityId,
    /// The new text's [`beginning`](messaging_core::text::beginning); `None` when there is nothing that could take the
    /// message's place.
    pub content_preview: Option<&'a str>,
    /// When, RFC 3339.
    pub edited_at: &'a str,
    /// The request's key.
    pub client_key: Option<&'a ClientKey>,
    /// The event's time as the homeserver tells it, milliseconds since 1970; `None` when it has not told it yet.
    pub origin_ts: Option<i64>,
    /// The edit's type, which has to be the message's.
    pub event_type: &'a str,
    /// What kind of content the new one is; `None` where it stays.
    pub content_type: Option<&'a str>,
    /// Who is meant by the new content.
    pub mentions: &'a [Mention],
    /// What takes the place of `content_preview` if the message is a reply: the beginning without the copy of what it
    /// answers. `None` when that is the same.
    pub unquoted_preview: Option<&'a str>,
    /// What the new content asks, if it is a poll.
    pub poll: Option<&'a Question>,
    /// What it is found by then; `None` of what is encrypted.
    pub search: Option<&'a Entry>,
    /// The same of `unquoted_preview`.
    pub unquoted_search: Option<&'a Entry>,
    /// The file of the new content; `None` where that says nothing of one.
    pub file: Option<&'a File>,
}

/// What came of an edit.
pub struct RecordedEdit {
    /// The message was deleted meanwhile: the edit has to be redacted in Matrix.
    pub is_deleted: bool,
    /// The message.
    pub message: Document,
}

/// After a message is edited in Matrix.
pub async fn record_edit(record: RecordEdit<'_>) -> Result<RecordedEdit, Error> {
    #[derive(Deserialize)]
    struct Row {
        deleted_at: Option<String>,
    }
    let message = Call::of("record_edit")
        .arg("p_room_id", record.room_id)
        .arg("p_target_event_id", record.target_event_id)
        .arg("p_event_id", record.event_id)
        .arg("p_sender_id", record.sender_id)
        .arg("p_content_preview", record.content_preview)
        .arg("p_edited_at", record.edited_at)
        .arg("p_client_key", record.client_key)
        .arg("p_origin_ts", record.origin_ts)
        .arg("p_matrix_type", record.event_type)
        .arg("p_content_type", record.content_type)
        .arg("p_mentions", mention::texts(record.mentions))
        .arg("p_unquoted_preview", record.unquoted_preview)
        .jsonb_if_any("p_search", record.search)
        .jsonb_if_any("p_unquoted_search", record.unquoted_search)
        .jsonb_if_any("p_poll", record.poll)
        .jsonb_if_any("p_file", record.file)
        .document()
        .await?;
    let row: Row = message.read()?;
    Ok(RecordedEdit { is_deleted: row.deleted_at.is_some(), message })
}
