//! Comparing a channel with the history of its room, and indexing what is missing.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::page::{FromQuery, Parameter, Position};
use crate::problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};

/// How long events may be left to the homeserver, in seconds.
pub const MAX_MIN_AGE: i32 = 600;

/// What is to be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReconcileQuery {
    /// Since when, RFC 3339; what follows on the last run when it is left out.
    pub since: Option<String>,
    /// Events that are younger than so many seconds are left to the homeserver, 0 to [`MAX_MIN_AGE`].
    pub min_age: i32,
}

impl FromQuery for ReconcileQuery {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let mut errors = Vec::new();
        let since = parameter("since").map(Position::parse).map(|position| match position {
            Some(Position::Time(time)) => time,
            _ => {
                errors.push(FieldError::parameter("since", "must be an RFC 3339 time"));
                String::new()
            }
        });
        let age = parameter("min_age").map_or(Ok(0), str::parse);
        let min_age = age.ok().filter(|age| (0..=MAX_MIN_AGE).contains(age)).unwrap_or_else(|| {
            errors.push(FieldError::parameter("min_age", "must be a number from 0 to 600"));
            0
        });
        if errors.is_empty() { Ok(Self { since, min_age }) } else { Err(Problem::invalid(errors)) }
    }

    fn shared_query(&self) -> String {
        format!("min_age={}", self.min_age)
    }
}

/// What was missing and is indexed, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Repaired {
    /// Messages.
    pub messages: u64,
    /// Edits of messages.
    pub edits: u64,
    /// Reactions, and votes in polls.
    pub reactions: u64,
    /// Messages, edits and reactions that were taken away.
    pub deletions: u64,
    /// Members who came, were invited or went.
    pub memberships: u64,
    /// Other parts of the room's state: name, topic, picture, power levels, join rule, encryption.
    pub state: u64,
}

impl Repaired {
    /// The numbers by their names.
    pub fn by_kind(&self) -> [(&'static str, u64); 6] {
        [
            ("messages", self.messages),
            ("edits", self.edits),
            ("reactions", self.reactions),
            ("deletions", self.deletions),
            ("memberships", self.memberships),
            ("state", self.state),
        ]
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.by_kind().iter().map(|(_, count)| count).sum()
    }
}

/// What a run has found. Counts are those of this run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Reconciled {
    /// Events of the room's history that were looked at.
    pub looked_at: u64,
    /// Those of them that the index had, or has no place for.
    pub known: u64,
    /// What was missing and is indexed.
    pub repaired: Repaired,
    /// Events that could not be indexed and are set aside, now or before.
    pub set_aside: u64,
    /// Whether there is more of the history: call again, without `since`.
    pub has_more: bool,
}

impl Reconciled {
    /// Both runs together.
    pub fn add(&mut self, other: &Self) {
        self.looked_at += other.looked_at;
        self.known += other.known;
        self.set_aside += other.set_aside;
        self.has_more = other.has_more;
        let (all, more) = (&mut self.repaired, &other.repaired);
        all.messages += more.messages;
        all.edits += more.edits;
        all.reactions += more.reactions;
        all.deletions += more.deletions;
        all.memberships += more.memberships;
        all.state += more.state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&str, &'static str)]) -> Result<ReconcileQuery, Problem> {
        ReconcileQuery::from_query(&|name| query.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    #[test]
    fn a_beginning_is_a_time_and_an_age_a_number() {
        assert_eq!(read(&[]).unwrap(), ReconcileQuery::default());
        let query = read(&[("since", "2026-01-02T03:04:05Z"), ("min_age", "30")]).unwrap();
        assert_eq!((query.since.is_some(), query.min_age), (true, 30));
        for odd in [("since", "12"), ("since", "yesterday"), ("min_age", "-1"), ("min_age", "601"), ("min_age", "x")] {
            assert_eq!(read(&[odd]).unwrap_err().errors.len(), 1, "{odd:?}");
        }
    }

    #[test]
    fn runs_add_up() {
        let run = Reconciled {
            looked_at: 3,
            known: 1,
            repaired: Repaired { messages: 1, state: 1, ..Repaired::default() },
            set_aside: 0,
            has_more: true,
        };
        let mut all = run.clone();
        all.add(&Reconciled { has_more: false, ..run });
        assert_eq!((all.looked_at, all.known, all.repaired.total(), all.has_more), (6, 2, 4, false));
    }
}
