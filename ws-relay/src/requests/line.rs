//! The line that a component writes at the end of each request.
//!
//! Lines come from programs of ours, but what they tell of comes from clients, and a component that fails may write anything.
//! So nothing of a line becomes a label that is not one of few.

use serde::Deserialize;
use std::borrow::Cow;
use std::time::Duration;

/// What the line of a request has as its message.
const REQUEST: &str = "request";
/// The longest pattern of a path.
const ROUTE_BYTES: usize = 128;
/// No request takes longer.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How a request ended.
#[derive(Debug, PartialEq)]
pub struct Ended {
    /// The pattern of its path.
    pub route: String,
    /// Its method, or `OTHER`.
    pub method: &'static str,
    /// The class of its status: `2xx` and so on.
    pub status: &'static str,
    /// How long it took.
    pub took: Duration,
}

/// Why a line is none of a request.
#[derive(Debug, PartialEq)]
pub enum Unread {
    /// It is about something else.
    Other,
    /// It says that it is one, and has values that none has.
    Malformed,
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(borrow)]
    route: Option<Cow<'a, str>>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    status: Option<u16>,
    duration_ms: Option<f64>,
}

impl Ended {
    /// Reads a line.
    pub fn read(line: &[u8]) -> Result<Self, Unread> {
        let line: Line<'_> = serde_json::from_slice(line).map_err(|_| Unread::Other)?;
        // A message of another kind is what it says it is: it has no status.
        if line.message != REQUEST || line.status.is_none() {
            return Err(Unread::Other);
        }
        let read = || {
            Some(Self {
                route: line.route.filter(|route| is_pattern(route))?.into_owned(),
                method: method(&line.method?),
                status: class(line.status?)?,
                took: Duration::try_from_secs_f64(line.duration_ms? / 1000.0).ok().filter(|took| *took <= LONGEST)?,
            })
        };
        read().ok_or(Unread::Malformed)
    }
}

fn is_pattern(route: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"/:._-".contains(&b);
    route.starts_with('/') && route.len() <= ROUTE_BYTES && route.bytes().all(fits)
}

fn method(text: &str) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == text).unwrap_or("OTHER")
}

fn class(status: u16) -> Option<&'static str> {
    let classes = ["1xx", "2xx", "3xx", "4xx", "5xx"];
    classes.get(usize::from(status / 100).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn read(changes: &Value) -> Result<Ended, Unread> {
        let mut line = json!({"time": "T", "level": "info", "message": "request", "request_id": "a", "component": "pins",
            "route": "/a/:b", "method": "GET", "status": 204, "duration_ms": 1.5, "caller": "person"});
        line.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        Ended::read(line.to_string().as_bytes())
    }

    #[test]
    fn a_requests_line_is_read() {
        let took = Duration::from_micros(1500);
        let expected = Ended { route: "/a/:b".to_owned(), method: "GET", status: "2xx", took };
        assert_eq!(read(&json!({"newer": [1]})), Ok(expected));
        assert_eq!(read(&json!({"method": "BREW", "status": 599})).map(|e| (e.method, e.status)), Ok(("OTHER", "5xx")));
    }

    #[test]
    fn other_lines_are_other_lines() {
        for line in ["", "{", "thread 'main' panicked at", "[1]", r#"{"message": "request"}"#, r#"{"status": 200}"#] {
            assert_eq!(Ended::read(line.as_bytes()), Err(Unread::Other), "{line}");
        }
        // A message that quotes a request's line is a text like any other.
        let quoted = json!({"level": "error", "message": json!({"message": "request", "status": 200}).to_string()});
        assert_eq!(Ended::read(quoted.to_string().as_bytes()), Err(Unread::Other));
        assert_eq!(read(&json!({"message": "another", "status": 200})), Err(Unread::Other));
    }

    #[test]
    fn nothing_of_a_line_becomes_a_label_that_is_not_one_of_few() {
        for odd in [
            json!({"route": "a"}),
            json!({"route": "/a\"} 1\nforged{x=\""}),
            json!({"route": "/".repeat(129)}),
            json!({"route": "/каналы"}),
            json!({"route": null}),
            json!({"method": null}),
            json!({"status": 99}),
            json!({"status": 600}),
            json!({"duration_ms": -1.0}),
            json!({"duration_ms": 1e12}),
            json!({"duration_ms": null}),
        ] {
            assert_eq!(read(&odd), Err(Unread::Malformed), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_put_up_with(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Ended::read(&bytes);
        }
    }
}
