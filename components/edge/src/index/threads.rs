//! Threads: `migrations/functions/threads/`.

use super::call::Call;
use super::{Error, Page};
use messaging_core::auth::Caller;
use messaging_core::ids::ChannelId;
use messaging_core::page::ThreadPage;
use messaging_core::paths::MessagePath;
use messaging_core::rate_limit::Class;

/// A page of a channel's threads.
pub async fn list_threads(caller: &Caller, channel_id: ChannelId, page: &ThreadPage) -> Result<Page, Error> {
    Call::of("list_threads")
        .caller(caller)
        .arg("p_channel_id", channel_id)
        .arg("p_limit", page.limit)
        .arg("p_before", page.cursor)
        .arg("p_followed", page.followed)
        .page()
        .await
}

/// Whether the caller follows the thread under a message from now on.
pub async fn set_following(caller: &Caller, at: MessagePath, is_following: bool) -> Result<(), Error> {
    Call::of("set_following")
        .caller(caller)
        .arg("p_channel_id", at.channel_id)
        .arg("p_message_id", at.message_id)
        .arg("p_is_following", is_following)
        .limited(Class::Read, caller)
        .await
        .done()
        .await
}
