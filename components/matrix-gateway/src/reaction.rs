//! POST `/internal/matrix/send-reaction`.

use crate::act;
use crate::answer::Refusal;
use crate::content;
use crate::homeserver::{Acting, Homeserver, v1};
use crate::ids::{OwnUser, encode, event_id, own_actor, room_id};
use crate::send::txn_id;
use http::StatusCode;
use messaging_edge::{Reply, Request};
use serde::Deserialize;
use serde_json::{Value, json};

/// The longest key of a reaction, in bytes: an emoji, or a short text.
const MAX_KEY_BYTES: usize = 255;
/// How many pages of reactions are searched for the one that is there already.
const MAX_PAGES: usize = 10;

#[derive(Deserialize)]
struct React {
    room_id: String,
    event_id: String,
    reactor: Option<String>,
    reactor_matrix_id: Option<String>,
    emoji: String,
    txn_id: Option<String>,
}

/// Answers a request. Reacting twice with the same emoji answers the first reaction.
pub async fn post(hs: &Homeserver, request: Request) -> Result<Reply, Refusal> {
    let asked: React = request.json().await?;
    let reactor = own_actor(
        ("reactor_matrix_id", asked.reactor_matrix_id.as_deref()),
        ("reactor", asked.reactor.as_deref()),
        &hs.server_name,
    )?;
    let (room, event) = (room_id(&asked.room_id)?, event_id(&asked.event_id)?);
    if !(1..=MAX_KEY_BYTES).contains(&asked.emoji.len()) {
        return Err(Refusal::invalid(format!("emoji must be 1 to {MAX_KEY_BYTES} bytes")));
    }
    let content = content::reaction(event, &asked.emoji);
    let txn_id = format!("{}.{event}", txn_id(asked.txn_id)?);
    let sent = act::send_event(hs, &reactor, room, "m.reaction", &txn_id, &content).await;
    let reaction = match sent {
        Ok(sent) => sent.event_id,
        Err(refusal) if refusal.is("M_DUPLICATE_ANNOTATION") => {
            find(hs, room, event, &reactor, &asked.emoji).await?.ok_or(refusal)?
        }
        Err(refusal) => return Err(refusal),
    };
    Ok(Reply::json(StatusCode::OK, &json!({"event_id": reaction}))?)
}

/// A page of CS "GET /rooms/{roomId}/relations/{eventId}/{relType}/{eventType}", newest first.
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

/// Finds somebody's reaction, as the bot.
async fn find(
    hs: &Homeserver,
    room: &str,
    event: &str,
    reactor: &OwnUser,
    key: &str,
) -> Result<Option<String>, Refusal> {
    let target = v1(&["rooms", room, "relations", event, "m.annotation", "m.reaction"]) + "?limit=100";
    let mut page = target.clone();
    for _ in 0..MAX_PAGES {
        let relations: Relations = hs.get(Acting::Bot, &page).await?;
        let is_it = |reaction: &Reaction| {
            reaction.sender == reactor.user_id
                && reaction.content.pointer("/m.relates_to/key").and_then(Value::as_str) == Some(key)
        };
        if let Some(found) = relations.chunk.into_iter().find(is_it) {
            return Ok(Some(found.event_id));
        }
        let Some(next) = relations.next_batch else { break };
        page = format!("{target}&from={}", encode(&next));
    }
    Ok(None)
}
