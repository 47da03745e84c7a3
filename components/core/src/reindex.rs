//! Making anew what messages are found by, from what Matrix has of them.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::MessageId;
use crate::page::{FromQuery, Parameter, Position};
use crate::problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};

/// Where to go on in a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReindexQuery {
    /// Only messages in front of this number; all when it is left out.
    pub before: Option<i64>,
}

impl FromQuery for ReindexQuery {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        match parameter("before").map(Position::parse) {
            None => Ok(Self::default()),
            Some(Some(Position::Seq(seq))) => Ok(Self { before: Some(seq) }),
            Some(_) => Err(Problem::invalid(vec![FieldError::parameter("before", "must be a number")])),
        }
    }

    fn shared_query(&self) -> String {
        String::new()
    }
}

/// What a run has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Reindexed {
    /// Messages that were looked at.
    pub looked_at: u64,
    /// Those of them that are found by what is new.
    pub indexed: u64,
    /// Those of these that Matrix does not give any more: they are found by what the index has of them.
    pub unreadable: Vec<MessageId>,
    /// Those that could not be read now, because the gateway or its homeserver fails. They are left as they are.
    pub failed: Vec<MessageId>,
    /// What to name as `before` for the messages in front of these; null at the end.
    pub next: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_number() {
        let read = |text: Option<&'static str>| ReindexQuery::from_query(&|name| text.filter(|_| name == "before"));
        assert_eq!(read(None).unwrap().before, None);
        assert_eq!(read(Some("41")).unwrap().before, Some(41));
        for odd in ["", "-1", "x", "2026-01-02T03:04:05Z", "99999999999999999999"] {
            assert_eq!(read(Some(odd)).unwrap_err().errors.len(), 1, "{odd}");
        }
    }
}
