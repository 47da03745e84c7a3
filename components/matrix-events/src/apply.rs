//! Events into the index: each by itself, in order, and none holds up another room for long.

use crate::event::{Event, Here};
use crate::kinds::apply;
use crate::recorded::recorded;
use crate::set_aside::{Outcome, Waiting, failed};
use crate::transaction::MAX_EVENTS;
use messaging_core::fault::Fault;
use messaging_edge::{Problem, log};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// After a failure no further event is begun beyond this time. The homeserver waits 60 seconds for a response.
const PATIENCE: Duration = Duration::from_secs(20);

/// Brings the index up to date with what is pushed. What failed for its own fault, or again and again, is set aside. The
/// problem says that something is still to come again; what was stored stays. Returns the ids of the events that their rooms
/// do not have.
pub async fn apply_all(events: &[Box<RawValue>], here: &Here, request_id: &str) -> Result<BTreeSet<String>, Problem> {
    if events.len() > MAX_EVENTS {
        return Err(Problem::too_large(format!("At most {MAX_EVENTS} events at once.")));
    }
    let recorded = recorded(events, here).await;
    apply_waiting(Waiting::new(events.iter().map(AsRef::as_ref), request_id), &recorded, here).await
}

/// The same with one event that the index is known not to have.
pub async fn apply_missing(event: &RawValue, here: &Here, request_id: &str) -> Result<(), Problem> {
    apply_waiting(Waiting::new([event], request_id), &BTreeSet::new(), here).await.map(|_| ())
}

async fn apply_waiting(
    mut waiting: Waiting<'_>,
    recorded: &BTreeSet<String>,
    here: &Here,
) -> Result<BTreeSet<String>, Problem> {
    let began = Instant::now();
    let (mut set_aside, mut hidden) = (BTreeSet::new(), BTreeSet::new());
    let mut held_rooms = BTreeSet::new();
    let mut first_problem = None;
    while let Some((event, text)) = waiting.next() {
        if recorded.contains(&event.event_id) {
            continue;
        }
        // What comes behind an event of the same room waits with it, so that it stays in order.
        if set_aside.contains(&event.event_id) || held_rooms.contains(&event.room_id) {
            continue;
        }
        match apply_one(&event, text, here, &waiting).await {
            Outcome::Done => {}
            Outcome::Hidden => {
                hidden.insert(event.event_id);
            }
            Outcome::SetAside(others) => set_aside.extend(others),
            Outcome::Again { problem, fault } => {
                let problem = first_problem.get_or_insert(problem);
                // The next event would fail as well, or there is no time left for it.
                if fault == Fault::Database || began.elapsed() > PATIENCE {
                    return Err(problem.clone());
                }
                held_rooms.insert(event.room_id);
            }
        }
    }
    first_problem.map_or(Ok(hidden), Err)
}

async fn apply_one(event: &Event, text: &RawValue, here: &Here, waiting: &Waiting<'_>) -> Outcome {
    let mut applied = apply(event, here).await;
    // Two at once can collide on a row that both make; only what fails twice is the event's own fault.
    if matches!(&applied, Err(error) if error.fault() == Some(Fault::Event)) {
        applied = apply(event, here).await;
    }
    match applied {
        Ok(true) => Outcome::Done,
        Ok(false) => Outcome::Hidden,
        Err(error) => match error.fault() {
            Some(fault) => failed(event, text, error, fault, waiting).await,
            None => {
                log::info(
                    waiting.request_id,
                    &format!("refused the event {}: {}", event.event_id, Problem::from(error)),
                );
                Outcome::Done
            }
        },
    }
}
