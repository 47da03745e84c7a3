//! A room's history, page by page, what a room is, and who is in it.

use super::Gateway;
use super::response::{if_offered, read};
use http::Method;
use messaging_core::gateway::{Room, RoomMember, RoomMembers, paths};
use messaging_core::problem::Problem;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Which way a history is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Direction {
    /// Newest first, without a place from the end.
    #[serde(rename = "b")]
    Backwards,
    /// Oldest first, without a place from the beginning.
    #[serde(rename = "f")]
    Forwards,
}

impl Direction {
    /// Its name in Matrix and in the index.
    pub fn code(self) -> &'static str {
        match self {
            Self::Backwards => "b",
            Self::Forwards => "f",
        }
    }
}

/// A page of a room's history.
#[derive(Debug, Deserialize)]
pub struct HistoryPage {
    /// Its events, in the order in which it was read.
    #[serde(rename = "chunk")]
    pub events: Vec<Box<RawValue>>,
    /// Where the next page begins; `None`: it is the last one.
    pub end: Option<String>,
}

impl Gateway {
    /// A page of up to `limit` events (client-server API, "GET /rooms/{roomId}/messages").
    pub async fn history(
        &self,
        room_id: &str,
        direction: Direction,
        from: Option<&str>,
        limit: u32,
    ) -> Result<HistoryPage, Problem> {
        let mut query = format!("?dir={}&limit={limit}", direction.code());
        if let Some(from) = from {
            query.push_str(&format!("&from={}", utf8_percent_encode(from, NON_ALPHANUMERIC)));
        }
        let (status, body) = self.exchange_with(Method::GET, paths::MESSAGES, &[room_id], &query, None::<&()>).await?;
        let mut page: HistoryPage = read(paths::MESSAGES, status, &body)?;
        // A page that leads to itself leads nowhere.
        page.end = page.end.filter(|end| Some(end.as_str()) != from);
        Ok(page)
    }

    /// What a room is.
    pub async fn room(&self, room_id: &str) -> Result<Room, Problem> {
        self.call(Method::GET, paths::ROOM, &[room_id], None::<&()>).await
    }

    /// Who is in a room, invited or banned; `None` where the gateway does not tell.
    pub async fn members(&self, room_id: &str) -> Result<Option<Vec<RoomMember>>, Problem> {
        let members: Result<RoomMembers, Problem> =
            self.call(Method::GET, paths::MEMBERS, &[room_id], None::<&()>).await;
        Ok(if_offered(members)?.map(|members| members.members))
    }
}
