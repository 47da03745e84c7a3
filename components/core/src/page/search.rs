//! What a search asks for, and from where.

use super::{FromQuery, Parameter, Position, parse_cursor, parse_limit};
use crate::ids::{ChannelId, MessageId, MicrodaoId};
use crate::problem::{FieldError, Problem};
use crate::search::MAX_QUERY;
use crate::time::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// How many messages a page of a search holds when the caller does not say.
pub const DEFAULT_HITS: i32 = 20;
/// How many at most: of each the text around the hit is shown.
pub const MAX_HITS: i32 = 50;

/// A page of what a query finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPage {
    /// What is looked for; a character more than is read shows that there was more.
    pub q: String,
    /// Only messages of this channel.
    pub channel_id: Option<ChannelId>,
    /// Only messages of this microDAO's channels.
    pub microdao_id: Option<MicrodaoId>,
    /// 1 to [`MAX_HITS`].
    pub limit: i32,
    /// Where the page begins.
    pub cursor: Option<SearchPlace>,
}

/// A place among messages, newest first: the page goes on behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPlace {
    /// When a message was sent.
    pub time: Timestamp,
    /// The message; another id where the page ended between two messages.
    pub id: MessageId,
}

impl SearchPlace {
    fn parse(text: &str) -> Option<Self> {
        let (time, id) = text.split_once('_')?;
        match Position::parse(time)? {
            Position::Time(time) => Some(Self { time: Timestamp(time), id: MessageId::parse(id)? }),
            Position::Seq(_) | Position::Message(_) => None,
        }
    }

    /// The place as `cursor` names it.
    pub fn cursor(&self) -> String {
        format!("{}_{}", self.time.0, self.id)
    }
}

impl FromQuery for SearchPage {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let q = parameter("q").map(|q| q.chars().take(MAX_QUERY + 1).collect()).unwrap_or_else(|| {
            errors.push(FieldError::parameter("q", "must say what to look for"));
            String::new()
        });
        let channel_id = parameter("channel_id").and_then(|text| {
            let id = ChannelId::parse(text);
            if id.is_none() {
                errors.push(FieldError::parameter("channel_id", "must be a channel's id"));
            }
            id
        });
        let microdao_id = parameter("microdao_id").map(MicrodaoId::parse).transpose().unwrap_or_else(|e| {
            errors.push(FieldError::parameter("microdao_id", e.0));
            None
        });
        let limit = parse_limit(parameter("limit"), DEFAULT_HITS, MAX_HITS, &mut errors);
        let cursor = parse_cursor(parameter("cursor"), SearchPlace::parse, &mut errors);
        if errors.is_empty() {
            Ok(Self { q, channel_id, microdao_id, limit, cursor })
        } else {
            Err(Problem::invalid(errors))
        }
    }

    fn shared_query(&self) -> String {
        let mut query = format!("q={}&limit={}", utf8_percent_encode(&self.q, NON_ALPHANUMERIC), self.limit);
        if let Some(id) = &self.channel_id {
            query.push_str(&format!("&channel_id={id}"));
        }
        if let Some(id) = &self.microdao_id {
            query.push_str("&microdao_id=");
            query.push_str(id.as_str());
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "2026-11-22T10:00:00.123456Z_6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4";

    fn page(query: &[(&str, &str)]) -> Result<SearchPage, Problem> {
        SearchPage::from_query(&|name| query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn every_bad_parameter_is_named() {
        assert_eq!(page(&[("q", "")]).unwrap().limit, DEFAULT_HITS);
        assert!(page(&[]).is_err());
        let bad = [("channel_id", "x"), ("microdao_id", "y"), ("limit", "51"), ("cursor", "z")];
        assert_eq!(page(&bad).unwrap_err().errors.len(), 5);
    }

    #[test]
    fn the_next_page_is_of_the_same_search() {
        let id = "6f1d3c7e-52b8-4a0b-9d0c-6a2f0d5c71e4";
        let query = [("q", "дім & \"a b\""), ("channel_id", id), ("microdao_id", "microdao:x"), ("cursor", PLACE)];
        let page = page(&query).unwrap();
        let q = "%D0%B4%D1%96%D0%BC%20%26%20%22a%20b%22";
        assert_eq!(page.shared_query(), format!("q={q}&limit=20&channel_id={id}&microdao_id=microdao:x"));
        assert_eq!(page.cursor.unwrap().cursor(), PLACE);
    }

    #[test]
    fn a_place_is_a_time_and_a_message() {
        for bad in ["", "_", "42_6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4", "2026-11-22T10:00:00Z_x"] {
            assert!(page(&[("q", "x"), ("cursor", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_long_query_still_shows_that_it_is_too_long() {
        let long = "ї".repeat(MAX_QUERY * 4);
        let page = page(&[("q", &long)]).unwrap();
        assert_eq!(page.q.chars().count(), MAX_QUERY + 1);
        assert_eq!(crate::search::parse(&page.q).hints.len(), 1);
    }
}
