//! A page of messages, as people, agents and services of the platform read it alike.

use crate::{Problem, Response, index};
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, MessageId};
use messaging_core::page::{FromQuery, MessagePage};

/// Responds with a page of a channel's messages; with `thread_id`, of the thread under that message and the other replies to it.
///
/// `path` is where the neighbouring pages are, and `reader` what their query has to repeat besides the page's own part.
pub async fn list_messages(
    caller: &Caller,
    channel_id: ChannelId,
    page: &MessagePage,
    thread_id: Option<MessageId>,
    path: &str,
    reader: Option<&str>,
) -> Result<Response, Problem> {
    let listed = index::messages::list_messages(caller, channel_id, page, thread_id).await?;
    let shared_query = match reader {
        Some(reader) => format!("{reader}&{}", page.shared_query()),
        None => page.shared_query(),
    };
    Ok(listed.into_response(path, &shared_query))
}
