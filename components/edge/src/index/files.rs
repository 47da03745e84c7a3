//! Files: `migrations/functions/files/`.

use super::call::Call;
use super::{Document, Error};
use messaging_core::auth::Caller;
use messaging_core::ids::ChannelId;
use messaging_core::media::{MediaPath, UploadedFile};
use messaging_core::rate_limit::Limits;
use serde::Deserialize;
use std::time::Duration;

/// Before an upload of `size` bytes is read.
pub async fn prepare_upload(
    caller: &Caller,
    channel_id: ChannelId,
    size: u64,
    limits: Option<&Limits>,
) -> Result<(), Error> {
    Call::of("prepare_upload")
        .caller(caller)
        .arg("p_channel_id", channel_id)
        .arg("p_size", i64::try_from(size).unwrap_or(i64::MAX))
        .jsonb_if_any("p_limits", limits)
        .done()
        .await
}

/// After one that has come to nothing, and was counted so long ago.
pub async fn cancel_upload(
    caller: &Caller,
    channel_id: ChannelId,
    size: u64,
    limits: &Limits,
    ago: Duration,
) -> Result<(), Error> {
    Call::of("cancel_upload")
        .arg("p_caller", caller.id())
        .arg("p_channel_id", channel_id)
        .arg("p_size", i64::try_from(size).unwrap_or(i64::MAX))
        .jsonb("p_limits", limits)
        .arg("p_seconds", i32::try_from(ago.as_secs()).unwrap_or(i32::MAX))
        .done()
        .await
}

/// After one that the homeserver has, as `at`.
pub async fn record_upload(
    caller: &Caller,
    channel_id: ChannelId,
    at: &MediaPath,
    file: &UploadedFile,
) -> Result<Document, Error> {
    Call::of("record_upload")
        .arg("p_caller", caller.id())
        .arg("p_channel_id", channel_id)
        .arg("p_server_name", &at.server_name)
        .arg("p_media_id", &at.media_id)
        .arg("p_filename", &file.filename)
        .arg("p_content_type", &file.content_type)
        .arg("p_size", i64::try_from(file.size).unwrap_or(i64::MAX))
        .arg("p_sha256", &file.sha256)
        .document()
        .await
}

/// What is known of content that a caller may read.
#[derive(Debug, Deserialize)]
pub struct KnownMedia {
    /// What it is called, if it is called anything.
    pub filename: Option<String>,
}

/// Content that a caller may read.
pub async fn read_media(caller: &Caller, at: &MediaPath) -> Result<KnownMedia, Error> {
    Call::of("read_media")
        .caller(caller)
        .arg("p_server_name", &at.server_name)
        .arg("p_media_id", &at.media_id)
        .json()
        .await
}

/// Which of some content a caller may read, in its order.
pub async fn list_readable_media(caller: &Caller, content_uris: Vec<String>) -> Result<Vec<String>, Error> {
    Call::of("list_readable_media").caller(caller).arg("p_content_uris", content_uris).json().await
}
