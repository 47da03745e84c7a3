//! PUT and DELETE: pins and unpins, in the room's list first. What is so already is no error.

use crate::room;
use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::MessagePath;
use messaging_core::refusal::Refusal;
use messaging_edge::acts::{self, Asked};
use messaging_edge::deadline::pause;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Error;
use messaging_edge::index::pins::{List, PreparedPin, prepare_pin, record_pin};
use messaging_edge::index::requests::Intent;
use messaging_edge::{IdempotencyKey, Path, Problem, Response};
use std::time::Duration;

/// How often, and how long, a change waits for another one of the same list: 5 seconds together.
const PAUSES: usize = 25;
const PAUSE: Duration = Duration::from_millis(200);
/// How often the homeserver is asked for a list that changes all the time.
const MAX_ASKED: usize = 5;

pub async fn pin(caller: Caller, Path(at): Path<MessagePath>, key: IdempotencyKey) -> Result<Response, Problem> {
    once(&caller, at, key, "PUT pin", true).await
}

pub async fn unpin(caller: Caller, Path(at): Path<MessagePath>, key: IdempotencyKey) -> Result<Response, Problem> {
    once(&caller, at, key, "DELETE pin", false).await
}

async fn once(
    caller: &Caller,
    at: MessagePath,
    key: IdempotencyKey,
    act: &'static str,
    is_pinned: bool,
) -> Result<Response, Problem> {
    let message_id = at.message_id.to_string();
    let asked = Asked { act, channel_id: at.channel_id, resource: &message_id, body: "" };
    acts::once(caller, key, asked, carry_out(caller, at, is_pinned)).await
}

async fn carry_out(caller: &Caller, at: MessagePath, is_pinned: bool) -> Result<Response, Problem> {
    let prepared = prepare(caller, at, is_pinned).await?;
    if !prepared.is_done {
        let gateway = Gateway::from_settings().await?;
        let PreparedPin { room_id, event_id, .. } = &prepared;
        let act = if is_pinned { "pin" } else { "unpin" };
        let intent = Intent { channel_id: at.channel_id, act, target_id: event_id };
        let change = gateway.set_pinned(room_id, event_id, is_pinned, Some(caller.id()));
        let list = acts::intended(caller, intent, change).await?;
        record(caller, at, &prepared, is_pinned, &list.event_id, &gateway).await?;
    }
    Ok(Response::empty(StatusCode::NO_CONTENT))
}

/// Records the change. Where others have changed the list at the same time, the room says what it is: who pins sees it pinned
/// at once, and what is told late of an older list takes nothing back.
async fn record(
    caller: &Caller,
    at: MessagePath,
    prepared: &PreparedPin,
    is_pinned: bool,
    list_event_id: &str,
    gateway: &Gateway,
) -> Result<(), Error> {
    let PreparedPin { room_id, event_id, .. } = prepared;
    let mut unsettled = record_pin(caller, at, event_id, is_pinned, list_event_id, List::Told).await?;
    for _ in 0..MAX_ASKED {
        let Some(version) = unsettled else { return Ok(()) };
        let Some(now) = room::list_now(room_id, gateway).await? else { break };
        let list = List::Now(&version, &now);
        unsettled = record_pin(caller, at, event_id, is_pinned, list_event_id, list).await?;
    }
    // It changes all the time, or the gateway cannot say what it is: the homeserver's pushes will.
    record_pin(caller, at, event_id, is_pinned, list_event_id, List::Clock).await.map(|_| ())
}

/// Waits while another request changes the list.
async fn prepare(caller: &Caller, at: MessagePath, is_pinned: bool) -> Result<PreparedPin, Error> {
    for _ in 0..PAUSES {
        match prepare_pin(caller, at, is_pinned).await {
            Err(Error::Refused(Refusal::PinsBeingChanged)) => pause(PAUSE).await,
            prepared => return prepared,
        }
    }
    prepare_pin(caller, at, is_pinned).await
}
