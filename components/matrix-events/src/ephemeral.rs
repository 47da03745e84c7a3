//! What the homeserver tells and nobody stores: who is typing (Matrix application service API, "Pushing ephemeral data").
//!
//! The homeserver sends it once and never again, so it fails no transaction: what is lost is made up for by the next.

use crate::event::{Here, is_id};
use messaging_core::json;
use messaging_edge::index::rooms::announce_typing;
use messaging_edge::{Problem, log};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How many people type in one room at most; others are left out.
const MAX_TYPING: usize = 50;

/// An ephemeral event of a room.
#[derive(Deserialize)]
struct Ephemeral {
    #[serde(rename = "type")]
    event_type: String,
    room_id: String,
    content: Typing,
}

/// The content of `m.typing`: everybody who types at the moment. Others have no such field.
#[derive(Deserialize)]
struct Typing {
    #[serde(default)]
    user_ids: Vec<String>,
}

/// Passes on what is known here; what is malformed or of another kind is skipped.
pub async fn apply_all(events: &[Box<RawValue>], here: &Here, request_id: &str) {
    for event in events {
        let Ok(event) = json::from_str::<Ephemeral>(event.get()) else { continue };
        if event.event_type != "m.typing" || !is_id(&event.room_id) {
            continue;
        }
        let people = event.content.user_ids.iter().filter(|id| **id != here.bot).filter_map(|id| here.entity(id));
        let member_ids = people.map(|id| id.to_string()).take(MAX_TYPING).collect();
        match announce_typing(&event.room_id, member_ids).await.map_err(Problem::from) {
            Err(problem) if problem.status.is_server_error() => {
                log::error(request_id, &format!("nobody hears who is typing: {problem}"));
                return;
            }
            _ => {}
        }
    }
}
