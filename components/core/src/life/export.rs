//! Exporting what is kept of a channel or of a person.

use crate::page::{FromQuery, Parameter};
use crate::problem::{FieldError, Problem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The parts of a channel, in the order in which they are exported.
pub const CHANNEL_PARTS: [&str; 6] = ["channel", "members", "messages", "pins", "files", "audit"];
/// The parts of a person.
pub const PERSON_PARTS: [&str; 6] = ["profile", "memberships", "messages", "reactions", "files", "uploads"];

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportQuery {
    /// Of what; none: of the first part.
    pub part: Option<String>,
    /// Where to go on: `next` of the page before.
    pub after: Option<String>,
}

impl FromQuery for ExportQuery {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        let after = parameter("after").map(str::to_owned);
        if after.as_deref().is_some_and(|after| !is_place(after)) {
            return Err(Problem::invalid(vec![FieldError::parameter("after", "must be next of the page before")]));
        }
        Ok(Self { part: parameter("part").map(str::to_owned), after })
    }

    fn shared_query(&self) -> String {
        String::new()
    }
}

impl ExportQuery {
    /// The part, which is one of these. The problem is a 422.
    pub fn part_of(&self, parts: &[&'static str; 6]) -> Result<&'static str, Problem> {
        let [first, ..] = *parts;
        let Some(named) = &self.part else { return Ok(first) };
        let known = parts.iter().find(|part| *part == named);
        let known = known.ok_or_else(|| Problem::invalid_parameter("part", "must be one of those that there are"))?;
        // A place of another part is none.
        let is_uuid = self.after.as_deref().map(|after| Uuid::try_parse(after).is_ok());
        let is_pair = self.after.as_deref().map(|after| after.contains(' '));
        let fits = match (*known, parts == &PERSON_PARTS) {
            ("members" | "audit" | "memberships", _) => is_uuid != Some(false),
            ("messages" | "files" | "reactions", true) => is_pair != Some(false),
            ("messages" | "files", _) => is_uuid != Some(true) && is_pair != Some(true),
            _ => true,
        };
        if fits { Ok(known) } else { Err(Problem::invalid_parameter("after", "must be next of the page before")) }
    }
}

/// A UUID, a number, or a UUID and a number.
fn is_place(text: &str) -> bool {
    let is_uuid = |text: &str| Uuid::try_parse(text).is_ok();
    let is_number = |text: &str| (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    match text.split_once(' ') {
        Some((id, number)) => is_uuid(id) && is_number(number),
        None => is_uuid(text) || is_number(text),
    }
}

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct ExportPage {
    /// What is kept, as it is. Messages have `content`, which is what Matrix has, edits applied, and of an encrypted message its
    /// ciphertext; and `missing` where Matrix does not have it any more.
    pub items: Vec<Map<String, Value>>,
    /// What to name as `after` for the next page; `null` at the end. A page may be empty and not be the last one.
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(part: Option<&'static str>, after: Option<&'static str>) -> Result<ExportQuery, Problem> {
        ExportQuery::from_query(&|name| if name == "part" { part } else { after })
    }

    const ID: &str = "00000000-0000-0000-0000-000000000001";

    #[test]
    fn a_place_is_one_of_its_part() {
        let of = |part, after| read(Some(part), after).and_then(|query| query.part_of(&CHANNEL_PARTS).map(|_| ()));
        let of_person =
            |part, after| read(Some(part), after).and_then(|query| query.part_of(&PERSON_PARTS).map(|_| ()));
        assert!(of("messages", Some("41")).is_ok() && of("members", Some(ID)).is_ok() && of("pins", None).is_ok());
        assert!(
            of("messages", Some(ID)).is_err() && of("members", Some("41")).is_err() && of("nothing", None).is_err()
        );
        assert!(of_person("messages", Some("00000000-0000-0000-0000-000000000001 41")).is_ok());
        assert!(of_person("messages", Some("41")).is_err() && of_person("memberships", Some("41")).is_err());
        for odd in ["", "x", "-1", " 1", "99999999999999999999"] {
            assert!(read(None, Some(odd)).is_err(), "{odd:?}");
        }
        assert_eq!(read(None, None).unwrap().part_of(&CHANNEL_PARTS).unwrap(), "channel");
    }
}
