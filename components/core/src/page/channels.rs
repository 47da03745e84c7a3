//! Which channels a list has, and in which order.

use super::{FromQuery, Parameter, Position, parse_cursor, parse_flag, parse_limit};
use crate::ids::{ChannelId, MicrodaoId};
use crate::problem::{FieldError, Problem};

/// How many channels a page holds at most, and when the caller does not say: a list that does not page shows them all.
pub const MAX_CHANNELS: i32 = 1_000;

/// What is on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChannelOrder {
    /// The channel that was made last.
    #[default]
    Created,
    /// The channel whose newest message is the newest, a deleted one too; one without messages stands where it was made.
    Activity,
}

/// Which channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPage {
    /// 1 to [`MAX_CHANNELS`].
    pub limit: i32,
    /// Only channels of this microDAO.
    pub microdao_id: Option<MicrodaoId>,
    /// The place of the last channel of the page before: its time in the order, and its id.
    pub cursor: Option<(String, ChannelId)>,
    /// Only channels that the caller is a member of; an invitation is none.
    pub joined: bool,
    /// What is on top.
    pub order: ChannelOrder,
}

impl FromQuery for ChannelPage {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let limit = parse_limit(parameter("limit"), MAX_CHANNELS, MAX_CHANNELS, &mut errors);
        let microdao_id = parameter("microdao_id").map(MicrodaoId::parse).transpose();
        let microdao_id = microdao_id.unwrap_or_else(|e| {
            errors.push(FieldError::parameter("microdao_id", e.0));
            None
        });
        let joined = parse_flag("joined", parameter, &mut errors);
        let order = match parameter("order") {
            None | Some("created") => ChannelOrder::Created,
            Some("activity") => ChannelOrder::Activity,
            Some(_) => {
                errors.push(FieldError::parameter("order", "must be created or activity"));
                ChannelOrder::Created
            }
        };
        let place = |text: &str| {
            let (time, id) = text.split_once('_')?;
            match Position::parse(time)? {
                Position::Time(time) => Some((time, ChannelId::parse(id)?)),
                Position::Seq(_) | Position::Message(_) => None,
            }
        };
        let cursor = parse_cursor(parameter("cursor"), place, &mut errors);
        if errors.is_empty() {
            Ok(Self { limit, microdao_id, cursor, joined, order })
        } else {
            Err(Problem::invalid(errors))
        }
    }

    fn shared_query(&self) -> String {
        let mut query = format!("limit={}", self.limit);
        if let Some(id) = &self.microdao_id {
            query.push_str("&microdao_id=");
            query.push_str(id.as_str());
        }
        if self.joined {
            query.push_str("&joined=true");
        }
        if self.order == ChannelOrder::Activity {
            query.push_str("&order=activity");
        }
        query
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &[(&str, &'static str)]) -> Result<ChannelPage, Problem> {
        ChannelPage::from_query(&|name| query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn every_bad_parameter_is_named() {
        assert_eq!(page(&[]).unwrap().limit, MAX_CHANNELS);
        assert!(page(&[("limit", "1001")]).is_err());
        let bad = [("limit", "x"), ("microdao_id", "y"), ("cursor", "z"), ("joined", "1"), ("order", "name")];
        assert_eq!(page(&bad).unwrap_err().errors.len(), 5);
    }

    #[test]
    fn the_next_page_is_of_the_same_list() {
        let query = [("joined", "true"), ("order", "activity"), ("microdao_id", "microdao:x"), ("limit", "200")];
        let page = page(&query).unwrap();
        assert!(page.joined && page.order == ChannelOrder::Activity);
        assert_eq!(page.shared_query(), "limit=200&microdao_id=microdao:x&joined=true&order=activity");
    }

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let id = "6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4";
        let query =
            [("cursor", "2026-11-22T10:00:00Z_6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4"), ("microdao_id", "microdao:x")];
        let channels = page(&query).unwrap();
        assert_eq!(channels.cursor.as_ref().map(|(_, id)| id.to_string()).as_deref(), Some(id));
        assert_eq!(channels.shared_query(), "limit=1000&microdao_id=microdao:x");
        for bad in ["", "now_x", "42_6f1d3c7e-52b8-5a0b-9d0c-6a2f0d5c71e4"] {
            assert!(page(&[("cursor", bad)]).is_err(), "{bad}");
        }
    }
}
