//! From an event to its kind. Our own echoes come here too and find themselves indexed.

use crate::event::{Event, Here};
use crate::{message, origin, poll, reaction, redaction, room_state, state, upgrade};
use messaging_core::matrix::{is_message_type, is_poll_end_type, is_poll_vote_type};
use messaging_edge::index::Error;

/// Brings the index up to date with one event. What does not concern it is no error. False: the room does not have it.
pub async fn apply(event: &Event, here: &Here) -> Result<bool, Error> {
    let Some(sender) = here.sender(event) else { return Ok(true) };
    let applied = match (event.event_type.as_str(), event.state_key.as_deref()) {
        // Of every kind that is no state, as webhooks get those too that the index does not follow.
        (_, None) | ("m.room.encryption" | "m.room.tombstone", Some(""))
            if !origin::is_in_room(event, here).await? =>
        {
            return Ok(false);
        }
        (kind, None) if is_message_type(kind) => message::apply(event, &sender.id, here).await,
        (kind, None) if is_poll_vote_type(kind) => poll::vote(event, &sender.id).await,
        (kind, None) if is_poll_end_type(kind) => poll::end(event, &sender.id).await,
        ("m.reaction", None) => reaction::apply(event, &sender.id).await,
        ("m.room.redaction", None) => redaction::apply(event, &sender, here).await,
        // The bot is in every room to manage it and is nobody's member.
        ("m.room.member", Some(whom)) if whom == here.bot => upgrade::bot_invited(event, here).await,
        ("m.room.member", Some(_)) => state::follow(event, here).await,
        ("m.room.name" | "m.room.topic" | "m.room.avatar" | "m.room.power_levels", Some(""))
        | ("m.room.join_rules" | "m.room.history_visibility" | "m.room.pinned_events", Some("")) => {
            state::follow(event, here).await
        }
        ("m.room.encryption", Some("")) => room_state::encryption(event, &sender).await,
        ("m.room.tombstone", Some("")) => upgrade::tombstone(event, &sender.id, here).await,
        _ => Ok(()),
    };
    match applied {
        // A room that is no channel of ours, or an event about one that is not indexed.
        Err(Error::Refused(refusal)) if refusal.is_not_found() => Ok(true),
        other => other.map(|()| true),
    }
}
