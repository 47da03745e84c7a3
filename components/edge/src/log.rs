//! Log lines on stderr, one JSON object each. Spin adds no time, so a line carries its own.

use messaging_core::text::log_message;
use serde_json::json;
use std::io::Write;

/// Something an operator should look at.
pub fn error(request_id: &str, message: &str) {
    line("error", request_id, message);
}

/// Something worth knowing.
pub fn info(request_id: &str, message: &str) {
    line("info", request_id, message);
}

fn line(level: &str, request_id: &str, message: &str) {
    // Anybody can cause some of these lines, so none of them is long.
    let message = log_message(message);
    let line = json!({"time": now(), "level": level, "request_id": request_id, "message": message});
    // In one piece, so that the lines of concurrent requests do not run into each other.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// The time as RFC 3339.
pub fn now() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
