//! State events: what a room is. The one that counts is the one that the homeserver says the room has now; time stamps are
//! only other servers' words.

use crate::event::{Event, Here};
use crate::{join_rule, membership, power_levels, room_state};
use messaging_core::json;
use messaging_core::matrix::is_id;
use messaging_edge::deadline::within;
use messaging_edge::gateway::{Gateway, StateNow};
use messaging_edge::index::Error;
use messaging_edge::index::rooms::Order;
use messaging_edge::{Problem, log};
use std::time::Duration;

/// How often the homeserver is asked for a state that changes all the time.
const MAX_ASKED: usize = 5;
/// How long one answer may take: the homeserver waits for the response to what it pushed.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// Brings the index up to date with a state event. When it may not be the newest, the homeserver is asked for the room's.
pub async fn follow(event: &Event, here: &Here) -> Result<(), Error> {
    let mut unsettled = record(event, here, order_of(event, here)).await?;
    for _ in 0..MAX_ASKED {
        let Some(version) = unsettled else { return Ok(()) };
        unsettled = match state_now(event).await? {
            StateNow::Unknown => return record(event, here, Order::Clock).await.map(|_| ()),
            StateNow::Nothing => return Ok(()),
            StateNow::Event(text) => record(&read(&text, event)?, here, Order::Now(&version)).await?,
        };
    }
    Err(Problem::homeserver_failed(format!("the state {} changes all the time", event.event_type)).into())
}

/// Records the event as its type says; gives the version on behalf of which the homeserver has to be asked, if it has to.
async fn record(event: &Event, here: &Here, order: Order<'_>) -> Result<Option<String>, Error> {
    let Some(sender) = here.sender(event) else { return Ok(None) };
    match event.event_type.as_str() {
        "m.room.member" => membership::record(event, &sender, here, order).await,
        "m.room.power_levels" => power_levels::record(event, &sender, order).await,
        "m.room.join_rules" => join_rule::record(event, &sender, order).await,
        _ => room_state::record(event, &sender, order).await,
    }
}

/// What a pushed event says of its own place. Our own homeserver's clock is believed. Another server's is not where rights
/// depend on it, nor where it is ahead. A join rule may have been taken back for the one before, without a word.
fn order_of(event: &Event, here: &Here) -> Order<'static> {
    let is_of_rights = ["m.room.member", "m.room.power_levels"].contains(&event.event_type.as_str());
    match event.sent_at() {
        _ if event.event_type == "m.room.join_rules" => Order::Unsure,
        Some(_) if here.is_own(&event.sender) => Order::Told,
        Some(sent_at) if !is_of_rights && sent_at <= log::now() => Order::Told,
        _ => Order::Unsure,
    }
}

async fn state_now(event: &Event) -> Result<StateNow, Error> {
    let gateway = Gateway::from_settings().await?;
    let state_key = event.state_key.as_deref().unwrap_or_default();
    if !state_key.is_empty() && !is_id(state_key) {
        return Ok(StateNow::Nothing);
    }
    let answer = within(ANSWER_TIME, gateway.state_now(&event.room_id, &event.event_type, state_key)).await;
    let slow = || Problem::homeserver_timeout(format!("no answer what the state {} is", event.event_type));
    Ok(answer.ok_or_else(slow)??)
}

/// The event that the homeserver has in the place of this one.
fn read(text: &serde_json::value::RawValue, asked: &Event) -> Result<Event, Problem> {
    let event: Event = json::from_str(text.get()).map_err(Problem::homeserver_failed)?;
    let is_asked = event.event_type == asked.event_type && event.state_key == asked.state_key;
    match is_asked {
        true => Ok(Event { room_id: asked.room_id.clone(), ..event }),
        false => Err(Problem::homeserver_failed("another state than was asked for")),
    }
}
