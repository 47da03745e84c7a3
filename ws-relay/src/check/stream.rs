//! The stream with the events.

use super::clock::{self, Asked};
use super::report::Lines;
use super::{QUESTION, Setting};
use crate::outbox::stream::{NAME, SHORT_WINDOW, takes_events};
use async_nats::Client;
use async_nats::datetime;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};
use serde_json::Value;
use std::time::{Duration, SystemTime};
use tokio::time::timeout;

const CHECK: &str = "nats.stream";
/// What clients catch up with is kept so long in the outbox.
const DAY: Duration = Duration::from_secs(86_400);

/// Says how it is. Asked without the library's types, as servers since 2.10 also tell the time.
pub async fn look(lines: &mut Lines, client: &Client, setting: Setting<'_>) {
    let asked = Asked::now();
    let response = timeout(QUESTION, client.request(format!("$JS.API.STREAM.INFO.{NAME}"), "".into())).await;
    let asked = asked.answered();
    let document = match response {
        Ok(Ok(message)) => serde_json::from_slice(&message.payload).unwrap_or(Value::Null),
        Ok(Err(e)) => return lines.fault(CHECK, format!("it cannot be asked for: {e}"), LOGIN),
        Err(_) => return lines.fault(CHECK, "NATS does not say how it is", "Look at the log of NATS."),
    };
    if let Some(time) = document.get("ts").and_then(Value::as_str).and_then(moment) {
        clock::compare(lines, "clocks.nats", "NATS", asked, time, Duration::ZERO);
    }
    if document.pointer("/error/code").and_then(Value::as_u64) == Some(404) {
        let text = format!("there is no stream {NAME} yet");
        return lines.warning(CHECK, text, "Start a relay: the one that publishes makes it.");
    }
    match serde_json::from_value::<Info>(document) {
        Ok(info) => tell(lines, &info.config, setting("NATS_STREAM_REPLICAS").and_then(|text| text.parse().ok())),
        Err(e) => lines.fault(CHECK, format!("what NATS says of it cannot be read: {e}"), "Look at the log of NATS."),
    }
}

const LOGIN: &str = "Let the login of NATS_URL use $JS.API.> and _INBOX.>.";

fn moment(text: &str) -> Option<SystemTime> {
    let nanoseconds = datetime::parse_rfc3339(text).ok()?.unix_timestamp_nanos();
    Some(SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(nanoseconds).ok()?))
}

fn tell(lines: &mut Lines, config: &Config, replicas: Option<usize>) {
    if !takes_events(config) {
        let text = format!("the stream {NAME} does not take messaging.>, but {}", config.subjects.join(", "));
        return lines.fault(CHECK, text, "Give it that subject; the relay would publish nothing.");
    }
    let mut odd = Vec::new();
    if config.duplicate_window < SHORT_WINDOW {
        odd.push("a duplicate window under a minute: consumers may see events twice".to_owned());
    }
    if config.retention != RetentionPolicy::Limits {
        odd.push("a retention that drops what was read: others would miss it".to_owned());
    }
    if config.discard != DiscardPolicy::Old {
        odd.push("discard=new: it refuses events when it is full".to_owned());
    }
    if config.storage != StorageType::File {
        odd.push("storage in memory: a restart of NATS loses it, and it is filled again from a day".to_owned());
    }
    if !config.max_age.is_zero() && config.max_age < DAY {
        odd.push("a max_age under a day".to_owned());
    }
    if replicas.is_some_and(|wanted| wanted != config.num_replicas) {
        odd.push(format!("{} replicas, and NATS_STREAM_REPLICAS counts only when it is made", config.num_replicas));
    }
    match odd.is_empty() {
        true => lines.ok(CHECK, format!("{NAME} takes messaging.>")),
        false => {
            let advice = format!("nats stream edit {NAME}, if it is not meant so.");
            lines.warning(CHECK, format!("{NAME} has {}", odd.join("; ")), advice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Level;

    fn level(change: impl Fn(&mut Config)) -> Option<Level> {
        let mut config = Config {
            subjects: vec!["messaging.>".to_owned()],
            duplicate_window: Duration::from_secs(1800),
            num_replicas: 1,
            ..Config::default()
        };
        change(&mut config);
        let mut lines = Lines::default();
        tell(&mut lines, &config, Some(1));
        lines.level(CHECK)
    }

    #[test]
    fn settings_of_the_stream_that_cost_events_are_told() {
        assert_eq!(level(|_| {}), Some(Level::Ok));
        assert_eq!(level(|config| config.subjects = vec!["other.>".to_owned()]), Some(Level::Fault));
        assert_eq!(level(|config| config.duplicate_window = Duration::from_secs(1)), Some(Level::Warning));
        assert_eq!(level(|config| config.retention = RetentionPolicy::WorkQueue), Some(Level::Warning));
        assert_eq!(level(|config| config.storage = StorageType::Memory), Some(Level::Warning));
        assert_eq!(level(|config| config.max_age = Duration::from_secs(60)), Some(Level::Warning));
        assert_eq!(level(|config| config.num_replicas = 3), Some(Level::Warning));
    }

    #[test]
    fn a_time_of_nats_is_read() {
        let time = moment("1970-01-01T00:00:01.500000000Z").unwrap();
        assert_eq!(time.duration_since(SystemTime::UNIX_EPOCH).unwrap(), Duration::from_millis(1500));
        assert!(moment("now").is_none());
    }
}
