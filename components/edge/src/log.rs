//! Log lines on stderr, one to each message and one to each request. Spin adds no time, so a line carries its own.

use crate::http::{Current, current};
use crate::settings;
use messaging_core::text::log_message;
use serde::Serialize;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What a request's line has as its message.
const REQUEST: &str = "request";

static IS_TEXT: AtomicBool = AtomicBool::new(false);

/// Reads `log_format`. What is not set, or cannot be read, is JSON.
pub(crate) async fn read_format() {
    let format = settings::optional("log_format").await.ok().flatten();
    IS_TEXT.store(format.as_deref() == Some("text"), Ordering::Relaxed);
}

/// Something an operator should look at. Without a `request_id` it belongs to the request that is being handled.
pub fn error(request_id: &str, message: &str) {
    line("error", request_id, message);
}

/// Something worth knowing, in the same way.
pub fn info(request_id: &str, message: &str) {
    line("info", request_id, message);
}

fn line(level: &'static str, request_id: &str, message: &str) {
    // Anybody can cause some of these lines, so none of them is long.
    let message = log_message(message);
    let current = current(Current::clone);
    write(&message_line(level, &message, request_id, current.as_ref(), &trace_id(current.as_ref())));
}

fn trace_id(current: Option<&Current>) -> String {
    current.map(|current| current.trace.id()).unwrap_or_default()
}

fn message_line<'a>(
    level: &'static str,
    message: &'a str,
    request_id: &'a str,
    current: Option<&'a Current>,
    trace_id: &'a str,
) -> Line<'a> {
    let own = current.map(|current| (current.component, current.request_id.as_str()));
    let (component, own_id) = own.unwrap_or_default();
    let request_id = if request_id.is_empty() { own_id } else { request_id };
    Line { level, message, request_id, trace_id, component, request: None }
}

/// How a request ended. It has no path and no query, but the pattern of the path.
pub(crate) fn request(current: &Current, route: &str, method: &str, status: u16, took: Duration) {
    let caller = current.caller.unwrap_or("none");
    let duration_ms = (took.as_secs_f64() * 1e6).round() / 1e3;
    let trace_id = current.trace.id();
    write(&Line {
        level: "info",
        message: REQUEST,
        request_id: &current.request_id,
        trace_id: &trace_id,
        component: current.component,
        request: Some(Ended { route, method, status, duration_ms, caller }),
    });
}

#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    message: &'a str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    trace_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    component: &'a str,
    #[serde(flatten)]
    request: Option<Ended<'a>>,
}

#[derive(Serialize)]
struct Ended<'a> {
    route: &'a str,
    method: &'a str,
    status: u16,
    duration_ms: f64,
    caller: &'a str,
}

#[derive(Serialize)]
struct Timed<'a> {
    time: String,
    #[serde(flatten)]
    line: &'a Line<'a>,
}

fn write(line: &Line<'_>) {
    let text = if IS_TEXT.load(Ordering::Relaxed) { text(line, &now()) } else { json(line, now()) };
    // In one piece, so that the lines of concurrent requests do not run into each other.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

fn json(line: &Line<'_>, time: String) -> String {
    // Texts and numbers always serialise.
    serde_json::to_string(&Timed { time, line }).unwrap_or_default() + "\n"
}

/// For people's eyes. No text from outside begins a line of its own.
fn text(line: &Line<'_>, time: &str) -> String {
    let message: String = line.message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let Line { level, component, request_id, trace_id, .. } = line;
    let request = line.request.as_ref().map(|request| {
        let Ended { route, method, status, duration_ms, caller } = request;
        format!(": {method} {route} {status} {duration_ms} ms caller={caller}")
    });
    let request = request.unwrap_or_default();
    format!("{time} {level:5} {component}: {message}{request} request_id={request_id} trace_id={trace_id}\n")
}

/// The time as RFC 3339.
pub fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::trace::Trace;
    use serde_json::{Value, json};

    fn example(request: Option<Ended<'static>>) -> Line<'static> {
        let (request_id, trace_id) = ("abc", "0af7651916cd43dd8448eb211c80319c");
        Line { level: "info", message: "a\nb \"c\"", request_id, trace_id, component: "pins", request }
    }

    fn ended() -> Ended<'static> {
        Ended { route: "/a/:b", method: "GET", status: 200, duration_ms: 1.5, caller: "person" }
    }

    #[test]
    fn a_request_is_one_object_in_one_line() {
        let text = json(&example(Some(ended())), "T".to_owned());
        assert_eq!(text.matches('\n').count(), 1);
        let expected = json!({"time": "T", "level": "info", "message": "a\nb \"c\"", "request_id": "abc",
            "trace_id": "0af7651916cd43dd8448eb211c80319c", "component": "pins", "route": "/a/:b", "method": "GET",
            "status": 200, "duration_ms": 1.5, "caller": "person"});
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
        let message: Value = serde_json::from_str(&json(&example(None), "T".to_owned())).unwrap();
        assert!(message.get("status").is_none(), "only a request's line has a status");
    }

    #[test]
    fn a_message_names_the_request_that_is_being_handled() {
        let (request_id, trace) = ("abc".to_owned(), Trace::begin(None, 1, 2));
        let current = Current { component: "pins", request_id, trace, caller: None, limit: None };
        let ids = |given, current: Option<&Current>| {
            let line: Value = serde_json::from_str(&json(
                &message_line("info", "m", given, current, &trace_id(current)),
                "T".to_owned(),
            ))
            .unwrap();
            ["request_id", "component"].map(|name| line[name].as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(ids("", Some(&current)), ["abc", "pins"]);
        assert_eq!(ids("given", Some(&current)), ["given", "pins"]);
        assert_eq!(ids("", None), ["", ""]);
    }

    #[test]
    fn a_line_of_text_is_one_line() {
        assert_eq!(
            text(&example(Some(ended())), "T"),
            "T info  pins: a b \"c\": GET /a/:b 200 1.5 ms caller=person request_id=abc \
             trace_id=0af7651916cd43dd8448eb211c80319c\n"
        );
    }
}
