//! GET: a page of threads, by activity.

use messaging_core::page::{FromQuery, ThreadPage};
use messaging_core::paths::{self, ChannelPath};
use messaging_edge::{Path, Problem, Query, Reader, Response, index};

pub async fn list(
    Reader(caller): Reader,
    Path(at): Path<ChannelPath>,
    Query(page): Query<ThreadPage>,
) -> Result<Response, Problem> {
    let listed = index::threads::list_threads(&caller, at.channel_id, &page).await?;
    let path = paths::fill(paths::THREADS, &[&at.channel_id]);
    Ok(listed.into_response(&path, &page.shared_query()))
}
