//! Requests with a key, and what they are about to do: `migrations/functions/requests.sql` and `intents.sql`.

use super::Error;
use super::call::Call;
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, EntityId};
use serde::Deserialize;
use std::time::Duration;
use uuid::Uuid;

/// What is known of a request that begins: the response of one that was finished before, or nothing.
#[derive(Debug, Deserialize)]
pub struct KnownRequest {
    /// The status of its response; `None`: it was not finished, or there was none.
    pub status: Option<u16>,
    /// The body of its response.
    pub response: Option<String>,
    /// The run that begins, where there is none.
    pub run_id: Option<Uuid>,
}

/// Before a change. `key` names the act, what it is done to, and the caller's key; nobody else gets it for the time of `held`.
pub async fn begin_request(
    caller: &Caller,
    key: &str,
    fingerprint: &str,
    channel_id: ChannelId,
    held: Duration,
) -> Result<KnownRequest, Error> {
    Call::of("begin_request")
        .caller(caller)
        .arg("p_key", key)
        .arg("p_fingerprint", fingerprint)
        .arg("p_resource", channel_id)
        .arg("p_seconds", i32::try_from(held.as_secs()).unwrap_or(i32::MAX))
        .json()
        .await
}

/// After it: its response, or `None` when it failed. A run that does not hold the key any more changes nothing.
pub async fn finish_request(
    caller: &EntityId,
    key: &str,
    run_id: Option<Uuid>,
    response: Option<(u16, &str)>,
) -> Result<(), Error> {
    Call::of("finish_request")
        .arg("p_caller", caller)
        .arg("p_key", key)
        .arg("p_status", response.map(|(status, _)| i32::from(status)))
        .arg("p_response", response.map(|(_, body)| body))
        .arg("p_run_id", run_id)
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
