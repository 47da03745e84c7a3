//! GET: a page of messages, newest first, with their content where it is asked for.

use messaging_core::page::{ContentPage, FromQuery};
use messaging_core::paths::{self, ChannelPath};
use messaging_edge::index::messages::list_messages_with_places;
use messaging_edge::{Path, Problem, Query, Reader, RequestId, Response, acts};

pub async fn list(
    RequestId(request_id): RequestId,
    Reader(caller): Reader,
    Path(at): Path<ChannelPath>,
    Query(asked): Query<ContentPage>,
) -> Result<Response, Problem> {
    let path = paths::fill(paths::MESSAGES, &[&at.channel_id]);
    if !asked.with_content {
        return acts::list_messages(&caller, at.channel_id, &asked.page, None, &path, None).await;
    }
    let mut listed = list_messages_with_places(&caller, at.channel_id, &asked.page).await?;
    let messages = acts::with_contents(&request_id, listed.messages()?).await?;
    Ok(listed.with_items(&messages)?.into_response(&path, &asked.shared_query()))
}
