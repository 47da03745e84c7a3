//! GET: a page of members.

use messaging_core::page::{FromQuery, MemberPage};
use messaging_core::paths::{self, ChannelPath};
use messaging_edge::{Path, Problem, Query, Reader, Response, index};

pub async fn list(
    Reader(caller): Reader,
    Path(at): Path<ChannelPath>,
    Query(page): Query<MemberPage>,
) -> Result<Response, Problem> {
    let members = index::members::list_members(&caller, at.channel_id, page).await?;
    Ok(members.into_response(&paths::fill(paths::MEMBERS, &[&at.channel_id]), &page.shared_query()))
}
