//! State events: what a room is. The one that counts is the one that the homeserver says the room has now; time stamps are
//! only other servers' words.

use crate::event::{Event, Here};
use crate::{join_rule, membership, pinned, power_levels, room_state};
use messaging_core::matrix::{self, is_id};
use messaging_edge::deadline::within;
use messaging_edge::gateway::{Gateway, StateNow};
use messaging_edge::index::Error;
use messaging_edge::index::rooms::{FollowedState, Order, list_followed_state};
use messaging_edge::{Problem, log};
use serde_json::json;
use std::time::{Duration, Instant};

/// How often the homeserver is asked for a state that changes all the time.
const MAX_ASKED: usize = 5;
/// How long one answer may take: the homeserver waits for the response to what it pushed.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// How long a room's parts are compared, one after the other, before the event counts as followed.
const LOOK_TIME: Duration = Duration::from_secs(20);

/// How many seconds lie at most between two acts of which neither knew of the other, on our own server.
const AT_ONCE: i32 = 10;

/// A part of a room's state.
#[derive(Clone, Copy)]
struct Part<'a> {
    room_id: &'a str,
    event_type: &'a str,
    state_key: &'a str,
}

impl<'a> Part<'a> {
    fn of(event: &'a Event) -> Self {
        let state_key = event.state_key.as_deref().unwrap_or_default();
        Self { room_id: &event.room_id, event_type: &event.event_type, state_key }
    }
}

/// Brings the index up to date with a state event.
pub async fn follow(event: &Event, here: &Here) -> Result<(), Error> {
    settle(event, here, order_of(event, here)).await?;
    let is_own = here.is_own(&event.sender);
    // Who loses a join to the closing of a channel on our own server is joined again by the component that closes it.
    let is_cared_for = here.is_bot(&event.sender) || is_own && event.event_type == "m.room.join_rules";
    match takes_power(event) && !is_cared_for {
        true => look_again(event, here, is_own.then_some(AT_ONCE)).await,
        false => Ok(()),
    }
}

/// Whether an event may take back what others have done: the state of a room is resolved anew when it comes, and of what
/// was done without knowing of it (the link to its server was cut, or two people acted on our server at once) only that
/// stays which it allows. No event tells of what goes. (Server-server API, "Room State Resolution": power events.)
fn takes_power(event: &Event) -> bool {
    let is_out = matches!(matrix::text(&event.content, "membership"), Some("leave" | "ban"));
    match event.event_type.as_str() {
        "m.room.power_levels" | "m.room.join_rules" => true,
        "m.room.member" => is_out && event.state_key.as_deref() != Some(&event.sender),
        _ => false,
    }
}

/// Compares what was followed last with what the room has; with `seconds` only what changed in so many.
async fn look_again(event: &Event, here: &Here, seconds: Option<i32>) -> Result<(), Error> {
    let began = Instant::now();
    let mut left = list_followed_state(&event.room_id, seconds).await?.into_iter();
    while let Some(FollowedState { event_type, state_key, event_id }) = left.next() {
        if began.elapsed() > LOOK_TIME {
            // Behind 60 seconds the homeserver would send the transaction again, and all of this would begin anew.
            let (id, left) = (&event.event_id, left.len() + 1);
            log::error(&here.request_id, &format!("{left} parts of the state were not compared after the event {id}"));
            break;
        }
        let part = Part { room_id: &event.room_id, event_type: &event_type, state_key: &state_key };
        compare_part(part, event, Some(&event_id), |_| false, here).await?;
    }
    Ok(())
}

/// What came of comparing a part of the state with the room.
pub enum Compared {
    /// The room has what was followed last.
    Same,
    /// It has something else, which is followed: this event.
    Followed(Box<Event>),
    /// It has something else, which is left to the homeserver.
    Left,
    /// The gateway cannot say it.
    Unknown,
}

/// Compares the part of the state that an event stands for with the room. `followed` is the event that was followed last;
/// `is_left` says of another one whether it is left to the homeserver's push.
pub async fn compare(
    event: &Event,
    followed: Option<&str>,
    is_left: impl Fn(&Event) -> bool,
    here: &Here,
) -> Result<Compared, Error> {
    compare_part(Part::of(event), event, followed, is_left, here).await
}

async fn compare_part(
    part: Part<'_>,
    event: &Event,
    followed: Option<&str>,
    is_left: impl Fn(&Event) -> bool,
    here: &Here,
) -> Result<Compared, Error> {
    let now = match state_now(part).await? {
        StateNow::Event(text) => read(&text, part)?,
        StateNow::Nothing if followed.is_none() => return Ok(Compared::Same),
        StateNow::Nothing => match absence(part, event) {
            Some(nothing) => nothing,
            None => return Ok(Compared::Same),
        },
        StateNow::Unknown => return Ok(Compared::Unknown),
    };
    if !now.is_absence && Some(now.event_id.as_str()) == followed {
        return Ok(Compared::Same);
    }
    if is_left(&now) {
        return Ok(Compared::Left);
    }
    settle(&now, here, Order::Unsure).await?;
    Ok(Compared::Followed(Box::new(now)))
}

/// The state event of this type that a room has, if the gateway can say it.
pub async fn now(room_id: &str, event_type: &str) -> Result<Option<Event>, Error> {
    let part = Part { room_id, event_type, state_key: "" };
    match state_now(part).await? {
        StateNow::Event(text) => Ok(Some(read(&text, part)?)),
        StateNow::Nothing | StateNow::Unknown => Ok(None),
    }
}

/// Records a state event. When it may not be the newest, the homeserver is asked for the room's.
pub async fn settle(event: &Event, here: &Here, order: Order<'_>) -> Result<(), Error> {
    let mut unsettled = record(event, here, order).await?;
    for _ in 0..MAX_ASKED {
        let Some(version) = unsettled else { return Ok(()) };
        let part = Part::of(event);
        unsettled = match state_now(part).await? {
            // Nobody has told that the room lacks it, so no time says whether it still does.
            StateNow::Unknown if event.is_absence => return Ok(()),
            StateNow::Unknown => return record(event, here, Order::Clock).await.map(|_| ()),
            StateNow::Nothing => match absence(part, event) {
                Some(nothing) => record(&nothing, here, Order::Now(&version)).await?,
                None => return Ok(()),
            },
            StateNow::Event(text) => record(&read(&text, part)?, here, Order::Now(&version)).await?,
        };
    }
    Err(Problem::homeserver_failed(format!("the state {} changes all the time", event.event_type)).into())
}

/// That the room has no such state, as `event` has made known: who is not named is out, what is not given is empty. `None`
/// of what every room has, and of what says nothing by its absence.
fn absence(part: Part<'_>, event: &Event) -> Option<Event> {
    let content = match part.event_type {
        "m.room.member" => json!({"membership": "leave"}),
        "m.room.name" | "m.room.topic" | "m.room.avatar" | "m.room.pinned_events" => json!({}),
        _ => return None,
    };
    Some(Event {
        event_id: event.event_id.clone(),
        room_id: part.room_id.to_owned(),
        sender: event.sender.clone(),
        event_type: part.event_type.to_owned(),
        state_key: Some(part.state_key.to_owned()),
        redacts: None,
        origin_server_ts: event.origin_server_ts.clone(),
        content,
        is_absence: true,
    })
}

/// Records the event as its type says; gives the version on behalf of which the homeserver has to be asked, if it has to.
async fn record(event: &Event, here: &Here, order: Order<'_>) -> Result<Option<String>, Error> {
    let Some(sender) = here.sender(event) else { return Ok(None) };
    match event.event_type.as_str() {
        "m.room.member" => membership::record(event, &sender, here, order).await,
        "m.room.power_levels" => power_levels::record(event, &sender, order).await,
        "m.room.join_rules" => join_rule::record(event, &sender, here, order).await,
        "m.room.history_visibility" => join_rule::record_history(event, &sender, here, order).await,
        "m.room.pinned_events" => pinned::record(event, &sender, order).await,
        _ => room_state::record(event, &sender, order).await,
    }
}

/// What a pushed event says of its own place. Our own homeserver's clock is believed. Of another server's event its time says
/// nothing, nor does it that it was pushed: the room may have kept what it had. A join rule may have been taken back for the
/// one before, without a word, and the history visibility set with it by the API; of two who pin at once the second may
/// have written without knowing of the first.
fn order_of(event: &Event, here: &Here) -> Order<'static> {
    match event.sent_at() {
        _ if matches!(
            &*event.event_type,
            "m.room.join_rules" | "m.room.history_visibility" | "m.room.pinned_events"
        ) =>
        {
            Order::Unsure
        }
        Some(_) if here.is_own(&event.sender) => Order::Told,
        _ => Order::Unsure,
    }
}

async fn state_now(part: Part<'_>) -> Result<StateNow, Error> {
    let Part { room_id, event_type, state_key } = part;
    // Nobody can be asked for such a key.
    if !state_key.is_empty() && !is_id(state_key) {
        return Ok(StateNow::Unknown);
    }
    let gateway = Gateway::from_settings().await?;
    let answer = within(ANSWER_TIME, gateway.state_now(room_id, event_type, state_key)).await;
    let slow = || Problem::homeserver_timeout(format!("no answer what the state {event_type} is"));
    Ok(answer.ok_or_else(slow)??)
}

/// The event that the homeserver has in this place.
fn read(text: &serde_json::value::RawValue, part: Part<'_>) -> Result<Event, Problem> {
    let event: Event = messaging_core::json::from_str(text.get()).map_err(Problem::homeserver_failed)?;
    let is_asked = event.event_type == part.event_type && event.state_key.as_deref() == Some(part.state_key);
    match is_asked {
        true => Ok(Event { room_id: part.room_id.to_owned(), ..event }),
        false => Err(Problem::homeserver_failed("another state than was asked for")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::ids::EntityId;
    use messaging_edge::index::rooms::Sender;

    fn event(event_type: &str, state_key: &str) -> Event {
        let event = json!({
            "event_id": "$e", "room_id": "!r", "sender": "@a:x", "type": event_type, "state_key": state_key,
            "origin_server_ts": 1, "content": {"membership": "join", "topic": "x", "users": {"@a:x": 100}}
        });
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn what_a_room_does_not_have_is_empty_and_has_no_event() {
        let sender = Sender { id: EntityId::parse("@a:x").unwrap(), is_bot: false };
        let trigger = event("m.room.power_levels", "");
        for (event_type, state_key, content) in [
            ("m.room.member", "@b:x", json!({"membership": "leave"})),
            ("m.room.name", "", json!({})),
            ("m.room.topic", "", json!({})),
            ("m.room.avatar", "", json!({})),
            ("m.room.pinned_events", "", json!({})),
        ] {
            let nothing = absence(Part { room_id: "!r", event_type, state_key }, &trigger).unwrap();
            assert_eq!((nothing.event_type.as_str(), nothing.state_key.as_deref()), (event_type, Some(state_key)));
            assert_eq!((&nothing.content, nothing.sender.as_str()), (&content, "@a:x"));
            assert_eq!(nothing.state(&sender, "", Order::Unsure).event_id, None);
        }
        assert_eq!(trigger.state(&sender, "", Order::Unsure).event_id, Some("$e"));
    }

    #[test]
    fn levels_and_join_rules_are_never_taken_for_empty() {
        for event_type in ["m.room.power_levels", "m.room.join_rules", "m.room.encryption"] {
            let pushed = event(event_type, "");
            assert!(absence(Part::of(&pushed), &pushed).is_none(), "{event_type}");
        }
    }

    #[test]
    fn only_the_part_that_was_asked_for_is_read() {
        let text =
            r#"{"event_id": "$e", "sender": "@a:x", "type": "m.room.topic", "state_key": "", "room_id": "!other"}"#;
        let text = serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
        let part = Part { room_id: "!r", event_type: "m.room.topic", state_key: "" };
        assert_eq!(read(&text, part).unwrap().room_id, "!r");
        assert!(read(&text, Part { event_type: "m.room.name", ..part }).is_err());
        assert!(read(&text, Part { state_key: "@a:x", ..part }).is_err());
    }
}
