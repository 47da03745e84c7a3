//! Messages: `migrations/functions/messages/`.

use super::call::Call;
pub use super::edits::{PreparedEdit, RecordEdit, RecordedEdit, prepare_edit, record_edit};
pub use super::polls::{RecordPollVote, record_poll_end, record_poll_vote};
pub use super::redactions::{RecordEditRedaction, find_message_of_edit, record_edit_redaction, record_redaction};
use super::{Error, Page};
use messaging_core::auth::Caller;
use messaging_core::file::{File, Known};
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::{ChannelId, EntityId, MessageId};
use messaging_core::mention::{self, Mention};
use messaging_core::page::MessagePage;
use messaging_core::paths::MessagePath;
use messaging_core::poll::Question;
use messaging_core::rate_limit::Class;
use messaging_core::search::Entry;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Which of these pushed messages and reactions are recorded already; each with the idempotency key that it has in it.
pub async fn find_recorded(events: Vec<(String, Option<String>)>) -> Result<BTreeSet<String>, Error> {
    #[derive(Deserialize)]
    struct Recorded {
        event_ids: BTreeSet<String>,
    }
    let (ids, keys): (Vec<_>, Vec<_>) = events.into_iter().unzip();
    let call = Call::of("find_recorded").arg("p_event_ids", ids).arg("p_client_keys", keys);
    Ok(call.json::<Recorded>().await?.event_ids)
}

/// A page of a channel's messages; with `thread_id`, of the thread under that message and the other replies to it.
pub async fn list_messages(
    caller: &Caller,
    channel_id: ChannelId,
    page: &MessagePage,
    thread_id: Option<MessageId>,
) -> Result<Page, Error> {
    pages(caller, channel_id, page, thread_id).page().await
}

/// The same of the channel, with where the content of each message is.
pub async fn list_messages_with_places(
    caller: &Caller,
    channel_id: ChannelId,
    page: &MessagePage,
) -> Result<Page, Error> {
    pages(caller, channel_id, page, None).arg("p_with_places", true).page().await
}

fn pages(caller: &Caller, channel_id: ChannelId, page: &MessagePage, thread_id: Option<MessageId>) -> Call {
    let call = Call::of("list_messages").caller(caller).arg("p_channel_id", channel_id).arg("p_limit", page.limit);
    let call = match &page.before {
        Some(place) => call.jsonb("p_before", place),
        None => call.arg("p_before", None::<&str>),
    };
    let call = match &page.after {
        Some(place) => call.jsonb("p_after", place),
        None => call.arg("p_after", None::<&str>),
    };
    call.arg("p_thread_id", thread_id).arg("p_with_deleted", page.with_deleted)
}

/// A message and where its content is.
#[derive(Debug, Deserialize)]
pub struct FoundMessage {
    /// The room that holds the event.
    pub room_id: String,
    /// The event.
    pub event_id: String,
    /// Its content is gone.
    pub is_deleted: bool,
    /// The edit that it shows.
    pub edit_event_id: Option<String>,
    /// The row.
    pub message: Map<String, Value>,
}

/// A message that the caller may read.
pub async fn get_message(caller: &Caller, at: MessagePath) -> Result<FoundMessage, Error> {
    at_message("get_message", caller, at).json().await
}

pub(super) fn at_message(function: &'static str, caller: &Caller, at: MessagePath) -> Call {
    Call::of(function).caller(caller).arg("p_channel_id", at.channel_id).arg("p_message_id", at.message_id)
}

/// A message that the caller may send.
#[derive(Debug, Deserialize)]
pub struct PreparedSend {
    /// The channel's room.
    pub room_id: String,
    /// The event that it replies to.
    pub reply_to_event_id: Option<String>,
    /// The caller is not in the room yet and joins by posting.
    #[serde(default)]
    pub must_join: bool,
    /// This request was carried out before: this is its message.
    pub message: Option<Box<RawValue>>,
    /// The root of its thread.
    pub thread_event_id: Option<String>,
    /// The newest message of its thread.
    pub last_event_id: Option<String>,
    /// The room has the caller as typing.
    #[serde(default)]
    pub is_typing: bool,
    /// What is known of its file, where that was uploaded through the API.
    pub upload: Option<Known>,
}

/// A message that somebody wants to send.
pub struct PrepareSend<'a> {
    /// The channel.
    pub channel_id: ChannelId,
    /// The message that it replies to.
    pub reply_to: Option<MessageId>,
    /// The request's key.
    pub client_key: Option<&'a ClientKey>,
    /// The request's fingerprint.
    pub fingerprint: &'a str,
    /// Whether it is ciphertext.
    pub is_encrypted: bool,
    /// What the key belongs to, where that is not the channel.
    pub route: Option<&'static str>,
    /// Whether it mentions everybody.
    pub mentions_room: bool,
    /// The message under which its thread is, or one in that thread.
    pub thread_id: Option<MessageId>,
    /// Every content that it shows, its file first.
    pub content_uris: Vec<String>,
}

/// Before a message is sent to Matrix.
pub async fn prepare_send(caller: &Caller, send: &PrepareSend<'_>) -> Result<PreparedSend, Error> {
    Call::of("prepare_send")
        .caller(caller)
        .arg("p_channel_id", send.channel_id)
        .arg("p_reply_to", send.reply_to)
        .arg("p_client_key", send.client_key)
        .arg("p_fingerprint", send.client_key.map(|_| send.fingerprint))
        .arg("p_is_encrypted", send.is_encrypted)
        .arg("p_route", send.route)
        .arg("p_mentions_room", send.mentions_room)
        .arg("p_thread_id", send.thread_id)
        .arg("p_content_uris", send.content_uris.clone())
        .limited(Class::Send, caller)
        .await
        .json()
        .await
}

/// A message that is in Matrix, from whichever path comes first: the API or the homeserver's push.
#[derive(Clone, Copy)]
pub struct RecordMessage<'a> {
    /// The room that holds the event.
    pub room_id: &'a str,
    /// The event; the message's id follows from it.
    pub event_id: &'a str,
    /// Its type: [`is_message_type`](messaging_core::matrix::is_message_type).
    pub event_type: &'a str,
    /// Who sent it.
    pub sender_id: &'a EntityId,
    /// The sender's Matrix id.
    pub sender_matrix_id: &'a str,
    /// The text's [`beginning`](messaging_core::text::beginning).
    pub content_preview: &'a str,
    /// What kind of content it is, as [`describe`](messaging_core::matrix::describe) says.
    pub content_type: &'a str,
    /// The event that it replies to.
    pub reply_to_event_id: Option<&'a str>,
    /// The request's key.
    pub client_key: Option<&'a ClientKey>,
    /// The request's fingerprint.
    pub fingerprint: Option<&'a str>,
    /// When it was sent, RFC 3339; now when nobody says.
    pub sent_at: Option<&'a str>,
    /// The content that the homeserver pushed, of a sender who is none of ours.
    pub pushed_content: Option<&'a Value>,
    /// Whether the homeserver tells it: then the key is only what the event says.
    pub is_pushed: bool,
    /// Who is meant.
    pub mentions: &'a [Mention],
    /// The root of its thread.
    pub thread_event_id: Option<&'a str>,
    /// What it asks, if it is a poll.
    pub poll: Option<&'a Question>,
    /// What it is found by.
    pub search: &'a Entry,
    /// Its file.
    pub file: Option<&'a File>,
}

/// What has become of a message.
#[derive(Debug, Deserialize)]
pub struct RecordedMessage {
    /// The row; `None` when the event is not indexed.
    pub message: Option<Box<RawValue>>,
}

/// After a message is in Matrix.
pub async fn record_message(record: RecordMessage<'_>) -> Result<RecordedMessage, Error> {
    let call = Call::of("record_message")
        .arg("p_room_id", record.room_id)
        .arg("p_message_id", MessageId::of_event(record.event_id))
        .arg("p_event_id", record.event_id)
        .arg("p_matrix_type", record.event_type)
        .arg("p_sender_id", record.sender_id)
        .arg("p_sender_type", record.sender_id.member_type())
        .arg("p_sender_matrix_id", record.sender_matrix_id)
        .arg("p_content_preview", record.content_preview)
        .arg("p_content_type", record.content_type)
        .arg("p_reply_to_event_id", record.reply_to_event_id)
        .arg("p_client_key", record.client_key)
        .arg("p_fingerprint", record.fingerprint)
        .arg("p_sent_at", record.sent_at)
        // Who had to join has done so before they sent.
        .arg("p_joined_at", None::<&str>)
        .arg("p_is_pushed", record.is_pushed)
        .arg("p_mentions", mention::texts(record.mentions))
        .arg("p_thread_event_id", record.thread_event_id)
        .jsonb("p_search", record.search)
        .jsonb_if_any("p_poll", record.poll)
        .jsonb_if_any("p_file", record.file);
    let call = match record.pushed_content {
        Some(content) => call.jsonb("p_pushed_content", content),
        None => call.arg("p_pushed_content", None::<&str>),
    };
    call.json().await
}

/// A change of a message that the caller may make.
#[derive(Debug, Deserialize)]
pub struct PreparedMessageChange {
    /// The room that holds the event.
    pub room_id: String,
    /// The event.
    pub event_id: String,
    /// The message is deleted already.
    #[serde(default)]
    pub is_deleted: bool,
}

/// Before a message is redacted in Matrix.
pub async fn prepare_deletion(caller: &Caller, at: MessagePath) -> Result<PreparedMessageChange, Error> {
    at_message("prepare_deletion", caller, at).limited(Class::Edit, caller).await.json().await
}
