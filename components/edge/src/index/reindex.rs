//! Messages that search does not find yet: `migrations/functions/search/reindex.sql`.

use super::Error;
use super::call::Call;
use messaging_core::file::File;
use messaging_core::ids::{ChannelId, MessageId};
use messaging_core::search::{Entry, VERSION};
use serde::{Deserialize, Serialize};

/// A message that is to be analysed.
#[derive(Debug, Deserialize)]
pub struct Unanalysed {
    /// The message.
    pub id: MessageId,
    /// The room that holds the event.
    pub room_id: String,
    /// The event.
    pub event_id: String,
    /// The edit that the index shows.
    pub edit_event_id: Option<String>,
    /// What the index has of its text.
    pub content_preview: String,
}

/// Some of a channel's messages.
#[derive(Debug, Deserialize)]
pub struct UnanalysedPage {
    /// Those that are to be analysed, newest first.
    pub messages: Vec<Unanalysed>,
    /// How many were looked at for that.
    pub looked_at: u64,
    /// Where to go on.
    pub next: Option<i64>,
}

/// Messages of a channel in front of a number that search does not find, or by what an earlier version made of them.
pub async fn list_messages_to_reindex(
    channel_id: ChannelId,
    before: Option<i64>,
    limit: i32,
) -> Result<UnanalysedPage, Error> {
    Call::of("list_messages_to_reindex")
        .arg("p_channel_id", channel_id)
        .arg("p_before", before)
        .arg("p_analysis", i32::from(VERSION))
        .arg("p_limit", limit)
        .json()
        .await
}

/// What a message is found by from now on.
#[derive(Debug, Serialize)]
pub struct Analysed {
    /// The message.
    pub id: MessageId,
    /// The edit whose content it is.
    pub edit_event_id: Option<String>,
    /// What it is found by.
    pub search: Entry,
    /// Its file.
    pub file: Option<File>,
}

/// After messages were analysed. Gives how many said the same still.
pub async fn record_reindexed(channel_id: ChannelId, messages: &[Analysed]) -> Result<u64, Error> {
    #[derive(Deserialize)]
    struct Done {
        indexed: u64,
    }
    let call = Call::of("record_reindexed").arg("p_channel_id", channel_id).jsonb("p_messages", &messages);
    Ok(call.json::<Done>().await?.indexed)
}
