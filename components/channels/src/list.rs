//! GET: the channels that the caller may see, newest first.

use messaging_core::auth::Caller;
use messaging_core::page::{ChannelPage, FromQuery};
use messaging_core::paths;
use messaging_edge::{Problem, Query, Response, index};

pub async fn list(caller: Caller, Query(page): Query<ChannelPage>) -> Result<Response, Problem> {
    let channels = index::channels::list_channels(&caller, &page).await?;
    Ok(channels.into_response(paths::CHANNELS, &page.shared_query()))
}
