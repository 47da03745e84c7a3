//! GET `/internal/matrix/rooms/{room_id}/messages` and `…/event/{event_id}`: as the bot, which is in every room.

use crate::error::{GatewayError, invalid_parameter};
use crate::homeserver::{Acting, Homeserver, v1, v3};
use crate::ids::encode;
use crate::params::{EventPath, RoomPath};
use http::StatusCode;
use messaging_core::gateway::Edits;
use messaging_edge::{FromRequest, Path, Problem, Request, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// How many events a page has when the caller does not say.
const DEFAULT_LIMIT: u32 = 10;
/// How many events a page has at most, whatever the caller says: an event may have 64 KiB.
const MAX_LIMIT: u32 = 100;
/// How many pages of edits are read.
const MAX_EDIT_PAGES: usize = 10;
/// The longest page token that the gateway passes on, in bytes.
const MAX_TOKEN_BYTES: usize = 1024;

/// A page (client-server API, "GET /rooms/{roomId}/messages"). The last one in its direction has no `end`.
#[derive(Serialize, Deserialize)]
struct Page {
    start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    chunk: Box<RawValue>,
}

/// Which page: `from`, `dir` and `limit` of the query, checked, as the homeserver's query.
pub struct PageQuery(String);

impl FromRequest for PageQuery {
    async fn from_request(request: &mut Request) -> Result<Self, Problem> {
        page_query(request.query("from"), request.query("dir"), request.query("limit")).map(Self)
    }
}

fn page_query(from: Option<&str>, dir: Option<&str>, limit: Option<&str>) -> Result<String, Problem> {
    let dir = dir.unwrap_or("b");
    if !["b", "f"].contains(&dir) {
        return Err(invalid_parameter("dir must be b or f"));
    }
    let limit = match limit.map(str::parse::<u32>) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) if limit > 0 => limit.min(MAX_LIMIT),
        Some(_) => return Err(invalid_parameter("limit must be a number above 0")),
    };
    let mut query = format!("?dir={dir}&limit={limit}");
    if let Some(from) = from.filter(|from| !from.is_empty()) {
        if from.len() > MAX_TOKEN_BYTES {
            return Err(invalid_parameter("from must be the start or end of another page"));
        }
        query.push_str("&from=");
        query.push_str(&encode(from));
    }
    Ok(query)
}

/// Reads a page of a room's history.
pub async fn messages(
    hs: Homeserver,
    Path(path): Path<RoomPath>,
    PageQuery(query): PageQuery,
) -> Result<Response, GatewayError> {
    let page: Page = hs.get(Acting::Bot, &(v3(&["rooms", &path.room_id, "messages"]) + &query)).await?;
    Ok(Response::json(StatusCode::OK, &page)?)
}

/// Reads one event as the homeserver has it, `unsigned.m.relations` included.
pub async fn event(hs: Homeserver, Path(path): Path<EventPath>) -> Result<Response, GatewayError> {
    let target = v3(&["rooms", &path.room_id, "event", &path.event_id]);
    let event: Box<RawValue> = hs.get(Acting::Bot, &target).await?;
    Ok(Response::raw_json(StatusCode::OK, String::from(Box::<str>::from(event))))
}

#[derive(Deserialize)]
struct Related {
    chunk: Vec<RelatedEvent>,
    next_batch: Option<String>,
}

#[derive(Deserialize)]
struct RelatedEvent {
    event_id: String,
}

/// Lists the edits of an event (client-server API, "Relationships API").
pub async fn edits(hs: Homeserver, Path(path): Path<EventPath>) -> Result<Response, GatewayError> {
    let target = v1(&["rooms", &path.room_id, "relations", &path.event_id, "m.replace"]);
    let mut edits = Edits::default();
    let mut page = format!("?limit={MAX_LIMIT}");
    for _ in 0..MAX_EDIT_PAGES {
        let related: Related = hs.get(Acting::Bot, &format!("{target}{page}")).await?;
        edits.event_ids.extend(related.chunk.into_iter().map(|event| event.event_id));
        let Some(next) = related.next_batch else { break };
        page = format!("?limit={MAX_LIMIT}&from={}", encode(&next));
    }
    Ok(Response::json(StatusCode::OK, &edits)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_direction_and_an_end() {
        assert_eq!(page_query(None, None, None).unwrap(), "?dir=b&limit=10");
        assert_eq!(page_query(Some("t1&x"), Some("f"), Some("5000")).unwrap(), "?dir=f&limit=100&from=t1%26x");
        assert_eq!(page_query(None, Some("x"), None).unwrap_err().code, "M_INVALID_PARAM");
        for limit in ["0", "-1", "x", ""] {
            assert!(page_query(None, None, Some(limit)).is_err(), "{limit}");
        }
    }
}
