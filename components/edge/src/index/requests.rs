//! Requests with a key, and what they are about to do: `migrations/functions/requests.sql` and `intents.sql`.

use super::Error;
use super::call::Call;
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, EntityId};
use serde::Deserialize;

/// A request that was begun before.
#[derive(Debug, Deserialize)]
pub struct KnownRequest {
    /// The status of its response; `None`: it was not finished, or there was none.
    pub status: Option<u16>,
    /// The body of its response.
    pub response: Option<String>,
}

/// Before a change. `key` names the act, what it is done to, and the caller's key.
pub async fn begin_request(
    caller: &Caller,
    key: &str,
    fingerprint: &str,
    channel_id: ChannelId,
) -> Result<KnownRequest, Error> {
    Call::of("begin_request")
        .caller(caller)
        .arg("p_key", key)
        .arg("p_fingerprint", fingerprint)
        .arg("p_resource", channel_id)
        .json()
        .await
}

/// After it: its response, or `None` when it failed.
pub async fn finish_request(caller: &EntityId, key: &str, response: Option<(u16, &str)>) -> Result<(), Error> {
    Call::of("finish_request")
        .arg("p_caller", caller)
        .arg("p_key", key)
        .arg("p_status", response.map(|(status, _)| i32::from(status)))
        .arg("p_response", response.map(|(_, body)| body))
        .done()
        .await
}

/// What a `prepare_…` function has noted that somebody is about to do.
#[derive(Debug, Clone, Copy)]
pub struct Intent<'a> {
    /// In which channel.
    pub channel_id: ChannelId,
    /// What.
    pub act: &'static str,
    /// To whom or what.
    pub target_id: &'a str,
}

/// The room has refused it: no later event is taken for it.
pub async fn drop_intent(caller: &EntityId, intent: Intent<'_>) -> Result<(), Error> {
    Call::of("drop_intent")
        .arg("p_caller", caller)
        .arg("p_channel_id", intent.channel_id)
        .arg("p_act", intent.act)
        .arg("p_target_id", intent.target_id)
        .done()
        .await
}
