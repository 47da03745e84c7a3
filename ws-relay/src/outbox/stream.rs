//! The JetStream stream that holds the events.

use crate::settings::{STREAM_MAX_AGE, Settings};
use anyhow::{Context, bail, ensure};
use async_nats::jetstream;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType, Stream};
use std::time::Duration;

/// The stream's name.
pub const NAME: &str = "MESSAGING";
const SUBJECTS: &str = "messaging.>";
/// The time during which the stream recognises an event that is published again.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(30 * 60);
/// The shortest one with which a relay that dies while it publishes doubles nothing.
pub const SHORT_WINDOW: Duration = Duration::from_secs(60);
/// What the outbox holds is never older, in seconds.
const OUTBOX_AGE: f64 = 2.0 * 86_400.0;
/// A stream is full although this much more would go into it, in bytes, or a tenth of it, if that is less.
const NEARLY_FULL: u64 = 1 << 20;

/// Finds the stream, or makes it.
pub async fn open(jetstream: &jetstream::Context, settings: &Settings) -> anyhow::Result<Stream> {
    match jetstream.get_stream(NAME).await {
        Ok(stream) => {
            let config = &stream.cached_info().config;
            ensure!(takes_events(config), "the stream {NAME} exists, but does not take {SUBJECTS}");
            if config.duplicate_window < SHORT_WINDOW {
                tracing::warn!("the stream {NAME} has a short duplicate window; consumers may see events again");
            }
            Ok(stream)
        }
        Err(e) if missing(&e) => {
            let stream = jetstream.create_stream(config(settings)).await.context("the stream cannot be created")?;
            tracing::info!("created the stream {NAME}");
            Ok(stream)
        }
        Err(e) => Err(e).context("JetStream does not answer; NATS has to run with it (-js)"),
    }
}

/// Whether a stream takes every event.
pub fn takes_events(config: &Config) -> bool {
    config.subjects.iter().any(|subject| subject == SUBJECTS || subject == ">")
}

/// Looks at the stream again.
pub async fn look(jetstream: &jetstream::Context) -> anyhow::Result<Info> {
    match jetstream.get_stream(NAME).await {
        Ok(stream) => Ok(stream.cached_info().clone()),
        Err(e) if missing(&e) => bail!("the stream {NAME} is gone"),
        Err(e) => Err(e).context("JetStream does not answer"),
    }
}

fn missing(error: &jetstream::context::GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(e) if e.code() == 404)
}

fn config(settings: &Settings) -> Config {
    Config {
        name: NAME.to_owned(),
        description: Some("Events of DAARION Messaging".to_owned()),
        subjects: vec![SUBJECTS.to_owned()],
        storage: StorageType::File,
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        max_age: STREAM_MAX_AGE,
        max_bytes: settings.stream_max_bytes,
        duplicate_window: DUPLICATE_WINDOW,
        num_replicas: settings.stream_replicas,
        allow_direct: true,
        ..Config::default()
    }
}

/// What a stream has, and what it should.
#[derive(Debug, Clone, PartialEq)]
pub struct Holding {
    /// When it was created: tells it from another one of the same name.
    pub created: String,
    /// The places of its first and its last message. An empty one has its first behind its last.
    pub first: i64,
    /// See `first`.
    pub last: i64,
    /// Messages that are missing between the two.
    pub holes: i64,
    /// Whether it has to have what was before its first message: it drops nothing but what is too old.
    pub keeps_all: bool,
    /// How old that may be, in seconds.
    pub max_age: f64,
}

impl Holding {
    /// Of the stream as NATS describes it.
    pub fn of(info: &Info) -> Self {
        let (config, state) = (&info.config, &info.state);
        let reached = |limit: i64, now: u64| u64::try_from(limit).is_ok_and(|limit| limit > 0 && now >= limit);
        let margin = NEARLY_FULL.min(state.bytes / 10);
        let is_full = reached(config.max_messages, state.messages)
            || reached(config.max_bytes, state.bytes.saturating_add(margin));
        let drops = config.retention != RetentionPolicy::Limits || config.max_messages_per_subject > 0;
        let between = match state.messages {
            0 => 0,
            _ => state.last_sequence.saturating_add(1).saturating_sub(state.first_sequence),
        };
        let place = |sequence: u64| i64::try_from(sequence).unwrap_or(i64::MAX);
        // What is about to be dropped may be gone by now.
        let max_age = (config.max_age.as_secs_f64() - 60.0).max(0.0);
        Self {
            created: info.created.to_string(),
            first: place(state.first_sequence),
            last: place(state.last_sequence),
            holes: place(between.saturating_sub(state.messages)),
            keeps_all: !is_full && !drops,
            max_age: if config.max_age.is_zero() { OUTBOX_AGE } else { max_age.min(OUTBOX_AGE) },
        }
    }
}
