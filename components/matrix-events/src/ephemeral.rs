//! What the homeserver tells and what holds for a moment: who is typing, and who has read how far (Matrix application service
//! API, "Pushing ephemeral data").
//!
//! The homeserver sends it once and never again, so it fails no transaction: what is lost is made up for by the next.

use crate::event::{Here, is_id};
use crate::receipt;
use messaging_core::json;
use messaging_edge::index::typing::announce_typing;
use messaging_edge::{Problem, log};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How many people type in one room at most; others are left out.
const MAX_TYPING: usize = 50;
/// How many bytes their ids may have together, so that the frame fits into a notification of PostgreSQL.
const MAX_TYPING_BYTES: usize = 6_000;

/// What every ephemeral event of a room has.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    event_type: String,
    room_id: String,
}

/// `m.typing`.
#[derive(Deserialize)]
struct Typing {
    content: TypingContent,
}

/// Everybody who types at the moment.
#[derive(Deserialize)]
struct TypingContent {
    user_ids: Vec<String>,
}

/// Passes on what is known here; what is malformed or of another kind is skipped.
pub async fn apply_all(events: &[Box<RawValue>], here: &Here, request_id: &str) {
    for event in events {
        let Ok(kind) = json::from_str::<Kind>(event.get()) else { continue };
        let applied = match kind.event_type.as_str() {
            "m.typing" if is_id(&kind.room_id) => apply_typing(&kind.room_id, event, here).await,
            "m.receipt" if is_id(&kind.room_id) => receipt::apply(&kind.room_id, event, here).await,
            _ => Ok(()),
        };
        match applied {
            Err(problem) if problem.status.is_server_error() => {
                log::error(request_id, &format!("{} is lost: {problem}", kind.event_type));
                return;
            }
            _ => {}
        }
    }
}

async fn apply_typing(room_id: &str, event: &RawValue, here: &Here) -> Result<(), Problem> {
    let Ok(Typing { content }) = json::from_str(event.get()) else { return Ok(()) };
    let people = content.user_ids.iter().filter(|id| **id != here.bot).filter_map(|id| here.entity(id));
    let mut bytes = 0;
    let fitting = people.map(|id| id.to_string()).take(MAX_TYPING).take_while(|id| {
        bytes += id.len();
        bytes <= MAX_TYPING_BYTES
    });
    Ok(announce_typing(room_id, fitting.collect()).await?)
}
