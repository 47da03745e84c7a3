//! GET: the channel.

use http::StatusCode;
use messaging_core::paths::ChannelPath;
use messaging_edge::{Path, Problem, Reader, Response, index};

pub async fn get(Reader(caller): Reader, Path(at): Path<ChannelPath>) -> Result<Response, Problem> {
    let channel = index::channels::get_channel(&caller, at.channel_id).await?;
    Ok(Response::document(StatusCode::OK, channel))
}
