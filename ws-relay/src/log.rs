//! The log on stderr: text, or one JSON object a line with the same members as the components' lines.

use crate::log_queue::LogQueue;
use anyhow::Context;
use serde_json::{Map, Value};
use std::fmt::{Debug, Write as _};
use std::io::IsTerminal;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// What `component` is in this program's lines.
const COMPONENT: &str = "ws-relay";

/// Begins to log, as `RUST_LOG` and `LOG_FORMAT` say; returns what is to be finished at the end.
pub fn start() -> anyhow::Result<LogQueue> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,async_nats=off"));
    let tell = |left_out| tracing::warn!(left_out, "lines of this log were left out: nobody read them in time");
    let queue = LogQueue::start(std::io::stderr(), tell).context("no thread for the log")?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(queue.clone());
    match std::env::var("LOG_FORMAT").as_deref() {
        Ok("json") => subscriber.event_format(Json).init(),
        _ => subscriber.with_ansi(std::io::stderr().is_terminal()).with_target(false).init(),
    }
    Ok(queue)
}

/// One object a line.
struct Json;

impl<S, N> FormatEvent<S, N> for Json
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> std::fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut members = Members(Map::new());
        members.put("time", time);
        members.put("level", event.metadata().level().as_str().to_ascii_lowercase());
        members.put("component", COMPONENT);
        event.record(&mut members);
        writeln!(writer, "{}", Value::Object(members.0))
    }
}

/// The members of a line.
struct Members(Map<String, Value>);

impl Members {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Members {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = write!(text, "{value:?}");
        self.put(field.name(), text);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::fmt::MakeWriter;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Written {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn a_line_is_one_object_whatever_it_says() {
        let written = Written::default();
        let subscriber = tracing_subscriber::fmt().with_writer(written.clone()).event_format(Json).finish();
        tracing::subscriber::with_default(subscriber, || {
            let (request_id, nobody) = (Some("abc"), None::<&str>);
            tracing::warn!(request_id, nobody, outbox_id = 7, is_new = true, channel = %"x", "two\nlines \"{}\"", 1);
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        let line: Value = serde_json::from_str(&text).unwrap();
        for (name, value) in [("level", "warn"), ("component", "ws-relay"), ("request_id", "abc"), ("channel", "x")] {
            assert_eq!(line[name], value, "{name}");
        }
        assert_eq!((&line["outbox_id"], &line["is_new"]), (&Value::from(7), &Value::from(true)));
        assert_eq!(line["message"], "two\nlines \"1\"");
        assert!(line.get("nobody").is_none() && line["time"].as_str().unwrap().ends_with('Z'));
    }
}
