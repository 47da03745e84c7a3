//! POST `/internal/matrix/send-reaction`.

use crate::act;
use crate::content;
use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, v1};
use crate::ids::{OwnUser, encode, event_id, own_actor, room_id};
use crate::send::txn_id;
use http::StatusCode;
use messaging_core::gateway::{SendReaction, Sent};
use messaging_core::text::is_line;
use messaging_edge::{Json, Response};
use serde::Deserialize;
use serde_json::Value;

/// The longest key of a reaction, in bytes: an emoji, or a short text.
const MAX_KEY_BYTES: usize = 255;
/// How many pages of reactions are searched for one that exists already.
const MAX_PAGES: usize = 10;

/// Reacts to an event. A second reaction with the same emoji gives the first one's event.
pub async fn send_reaction(hs: Homeserver, Json(request): Json<SendReaction>) -> Result<Response, GatewayError> {
    let reactor = own_actor(
        ("reactor_matrix_id", request.reactor_matrix_id.as_deref()),
        ("reactor", request.reactor.as_deref()),
        hs.server_name(),
    )?;
    let (room, event) = (room_id(&request.room_id)?, event_id(&request.event_id)?);
    if request.emoji.len() > MAX_KEY_BYTES || !is_line(&request.emoji) {
        return Err(GatewayError::invalid(format!("emoji must be 1 to {MAX_KEY_BYTES} bytes that one can see")));
    }
    let content = content::reaction(event, &request.emoji);
    let txn_id = format!("{}.{event}", txn_id(request.txn_id)?);
    let sent = act::send_event(&hs, &reactor, room, "m.reaction", &txn_id, &content).await;
    let event_id = match sent {
        Ok(sent) => sent.event_id,
        Err(error) if error.is("M_DUPLICATE_ANNOTATION") => {
            find(&hs, room, event, &reactor, &request.emoji).await?.ok_or(error)?
        }
        Err(error) => return Err(error),
    };
    Ok(Response::json(StatusCode::OK, &Sent { event_id, sent_at: None })?)
}

/// A page of the client-server API's "GET /rooms/{roomId}/relations/{eventId}/{relType}/{eventType}", newest first.
#[derive(Deserialize)]
struct Relations {
    chunk: Vec<Reaction>,
    next_batch: Option<String>,
}

#[derive(Deserialize)]
struct Reaction {
    event_id: String,
    sender: String,
    #[serde(default)]
    content: Value,
}

/// Finds the event of a person's reaction, as the bot.
async fn find(
    hs: &Homeserver,
    room: &str,
    event: &str,
    reactor: &OwnUser,
    key: &str,
) -> Result<Option<String>, GatewayError> {
    let target = v1(&["rooms", room, "relations", event, "m.annotation", "m.reaction"]) + "?limit=100";
    let mut page = target.clone();
    for _ in 0..MAX_PAGES {
        let relations: Relations = hs.get(Acting::Bot, &page).await?;
        let is_theirs = |reaction: &Reaction| {
            reaction.sender == reactor.user_id
                && reaction.content.pointer("/m.relates_to/key").and_then(Value::as_str) == Some(key)
        };
        if let Some(found) = relations.chunk.into_iter().find(is_theirs) {
            return Ok(Some(found.event_id));
        }
        let Some(next) = relations.next_batch else { break };
        page = format!("{target}&from={}", encode(&next));
    }
    Ok(None)
}
