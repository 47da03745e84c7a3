//! Changes that are carried out once for an idempotency key.

use crate::deadline::within;
use crate::index::requests::{begin_request, finish_request};
use crate::settings::fingerprint;
use crate::{IdempotencyKey, Problem, Response, log};
use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::ids::ChannelId;
use std::future::Future;
use std::time::Duration;

/// For what belongs to no channel.
pub const NO_CHANNEL: ChannelId = ChannelId(uuid::Uuid::nil());

/// How long a change with a key may take. What it asks for last may go on for some seconds after that.
const RUN: Duration = Duration::from_secs(45);
/// How long it holds its key.
const HELD: Duration = Duration::from_secs(60);

/// What a request asks for.
pub struct Asked<'a> {
    /// The method and what it is done to, for example `PATCH member`.
    pub act: &'static str,
    /// The channel, or [`NO_CHANNEL`].
    pub channel_id: ChannelId,
    /// Which one of the channel's things; empty for the channel itself.
    pub resource: &'a str,
    /// The rest of the request, by which another one with the same key is told.
    pub body: &'a str,
}

/// Carries a change out; with a key once, so that a late retry does not undo what was done since. The same request gets the
/// same response. A change that failed leaves the key free.
pub async fn once(
    caller: &Caller,
    key: IdempotencyKey,
    asked: Asked<'_>,
    change: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    let Some(client_key) = key.of(caller) else { return change.await };
    let key = format!("{} {} {} {}", asked.act, asked.channel_id, asked.resource, client_key.as_str());
    let fingerprint = fingerprint(&[&key, asked.body]).await?;
    let known = begin_request(caller, &key, &fingerprint, asked.channel_id, HELD).await?;
    if let Some(status) = known.status {
        let status = StatusCode::from_u16(status).map_err(Problem::internal)?;
        return Ok(match known.response {
            Some(body) if !body.is_empty() => Response::raw_json(status, body),
            _ => Response::empty(status),
        });
    }
    let outcome = within(RUN, change).await;
    let outcome = outcome.unwrap_or_else(|| Err(Problem::homeserver_timeout(format!("{} takes too long", asked.act))));
    let response = outcome.as_ref().ok().map(|response| (response.status.as_u16(), response.text()));
    // Without this row the request counts as running as long as the key is held, and is carried out again after that.
    if let Err(error) = finish_request(caller.id(), &key, known.run_id, response).await {
        let problem = Problem::from(error);
        log::error("", &format!("{} in {}: its response is not kept: {problem}", asked.act, asked.channel_id));
    }
    outcome
}
