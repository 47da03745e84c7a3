//! GET `/internal/matrix/rooms/{room_id}/messages` and `…/event/{event_id}`: as the bot, which is in every room.

use crate::answer::Refusal;
use crate::homeserver::{Acting, Homeserver, v3};
use crate::ids::{encode, event_id, room_id};
use http::StatusCode;
use messaging_edge::{Reply, Request};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// How many events a page has when the caller does not say.
const DEFAULT_LIMIT: u32 = 10;
/// The most that a page has, whatever the caller says: events may have 64 KiB each.
const MAX_LIMIT: u32 = 100;
/// The longest token of the homeserver that makes sense, in bytes.
const MAX_TOKEN_BYTES: usize = 1024;

/// A page (CS "GET /rooms/{roomId}/messages"); without `end` it is the last one in this direction.
#[derive(Serialize, Deserialize)]
struct Page {
    start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    chunk: Box<RawValue>,
}

/// Answers a page of a room's history.
pub async fn messages(hs: &Homeserver, room: &str, request: &Request) -> Result<Reply, Refusal> {
    let room = room_id(room)?;
    let query = query(request.query("from"), request.query("dir"), request.query("limit"))?;
    let page: Page = hs.get(Acting::Bot, &(v3(&["rooms", room, "messages"]) + &query)).await?;
    Ok(Reply::json(StatusCode::OK, &page)?)
}

fn query(from: Option<&str>, dir: Option<&str>, limit: Option<&str>) -> Result<String, Refusal> {
    let dir = dir.unwrap_or("b");
    if !["b", "f"].contains(&dir) {
        return Err(Refusal::invalid("dir must be b or f"));
    }
    let limit = match limit.map(str::parse::<u32>) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) if limit > 0 => limit.min(MAX_LIMIT),
        Some(_) => return Err(Refusal::invalid("limit must be a number above 0")),
    };
    let mut query = format!("?dir={dir}&limit={limit}");
    if let Some(from) = from.filter(|from| !from.is_empty()) {
        if from.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::invalid("from must be the start or end of another page"));
        }
        query.push_str("&from=");
        query.push_str(&encode(from));
    }
    Ok(query)
}

/// Answers one event as the homeserver has it, `unsigned.m.relations` included.
pub async fn event(hs: &Homeserver, room: &str, event: &str) -> Result<Reply, Refusal> {
    let target = v3(&["rooms", room_id(room)?, "event", event_id(event)?]);
    let event: Box<RawValue> = hs.get(Acting::Bot, &target).await?;
    Ok(Reply::raw_json(StatusCode::OK, String::from(Box::<str>::from(event))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_direction_and_an_end() {
        assert_eq!(query(None, None, None).unwrap(), "?dir=b&limit=10");
        assert_eq!(query(Some("t1&x"), Some("f"), Some("5000")).unwrap(), "?dir=f&limit=100&from=t1%26x");
        assert!(query(None, Some("x"), None).is_err());
        for limit in ["0", "-1", "x", ""] {
            assert!(query(None, None, Some(limit)).is_err(), "{limit}");
        }
    }
}
