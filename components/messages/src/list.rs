//! GET: a page of messages, newest first.

use messaging_core::page::MessagePage;
use messaging_core::paths::{self, ChannelPath};
use messaging_edge::{Path, Problem, Query, Reader, Response, acts};

pub async fn list(
    Reader(caller): Reader,
    Path(at): Path<ChannelPath>,
    Query(page): Query<MessagePage>,
) -> Result<Response, Problem> {
    let path = paths::fill(paths::MESSAGES, &[&at.channel_id]);
    acts::list_messages(&caller, at.channel_id, &page, None, &path, None).await
}
