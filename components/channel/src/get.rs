//! GET: the channel.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::ChannelPath;
use messaging_edge::{Path, Problem, Response, index};

pub async fn get(caller: Caller, Path(at): Path<ChannelPath>) -> Result<Response, Problem> {
    let channel = index::channels::get_channel(&caller, at.channel_id).await?;
    Ok(Response::document(StatusCode::OK, channel))
}
