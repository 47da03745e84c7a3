//! Search: `migrations/functions/search/`.

use super::Error;
use super::call::Call;
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, MicrodaoId};
use messaging_core::page::{SearchPage, SearchPlace};
use messaging_core::search::{DidYouMean, Query};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// What was found.
#[derive(Debug, Deserialize)]
pub struct FoundMessages {
    /// The messages, newest first.
    pub hits: Vec<FoundMessage>,
    /// Where the next page begins.
    pub next: Option<SearchPlace>,
}

/// A message that was found.
#[derive(Debug, Deserialize)]
pub struct FoundMessage {
    /// The message, as on a page of its channel.
    pub message: Map<String, Value>,
    /// What is shown of its channel.
    pub channel: Box<RawValue>,
    /// The room that holds its event.
    pub room_id: String,
    /// Its event.
    pub event_id: String,
    /// The edit that the index shows.
    pub edit_event_id: Option<String>,
}

/// A page of what the query finds of what the caller may read.
pub async fn search_messages(caller: &Caller, query: &Query, page: &SearchPage) -> Result<FoundMessages, Error> {
    let call = Call::of("search_messages");
    let call = match &page.cursor {
        Some(place) => call.jsonb("p_cursor", place),
        None => call.arg("p_cursor", None::<&str>),
    };
    call.caller(caller)
        .arg("p_query", query.tsquery().as_ref())
        .arg("p_index", query.index_tsquery().as_ref())
        .jsonb("p_filters", &query.filters)
        .arg("p_channel_id", page.channel_id)
        .arg("p_microdao_id", page.microdao_id.as_ref().map(MicrodaoId::as_str))
        .arg("p_limit", page.limit)
        .json()
        .await
}

/// A word and the literal that finds it, for suggestions.
pub type Word = (String, String);

/// Other words, for those of which the caller finds hardly anything: each is found in what the caller may read.
pub async fn suggest_words(
    caller: &Caller,
    words: Vec<Word>,
    channel_id: Option<ChannelId>,
    microdao_id: Option<&MicrodaoId>,
) -> Result<Vec<DidYouMean>, Error> {
    let (words, queries): (Vec<String>, Vec<String>) = words.into_iter().unzip();
    Call::of("suggest_words")
        .caller(caller)
        .arg("p_words", words)
        .arg("p_queries", queries)
        .arg("p_channel_id", channel_id)
        .arg("p_microdao_id", microdao_id.map(MicrodaoId::as_str))
        .json()
        .await
}
