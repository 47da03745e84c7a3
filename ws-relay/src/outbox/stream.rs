//! The JetStream stream that holds the events.

use crate::settings::{STREAM_MAX_AGE, Settings};
use anyhow::{Context, bail};
use async_nats::jetstream;
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use std::time::Duration;

const NAME: &str = "MESSAGING";
const SUBJECTS: &str = "messaging.>";
/// The time during which the stream recognises an event that is published again.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(30 * 60);

/// What the stream is called for people. The second one says that events which the outbox still holds are missing:
/// a relay that dies while it refills the stream leaves the rest to the next one.
const DESCRIPTION: &str = "Events of DAARION Messaging";
const REFILLING: &str = "Events of DAARION Messaging (being refilled from the outbox)";

/// The stream at the start of a session.
pub struct Found {
    /// The stream is new or empty: every event that the outbox still holds goes into it again.
    pub refill: bool,
    /// The largest message that it takes, in bytes; no limit when it is not positive.
    pub max_message_size: i32,
}

/// Finds the stream, or makes it.
pub async fn open(jetstream: &jetstream::Context, settings: &Settings) -> anyhow::Result<Found> {
    match jetstream.get_stream(NAME).await {
        Ok(stream) => {
            let info = stream.cached_info();
            if !info.config.subjects.iter().any(|subject| subject == SUBJECTS || subject == ">") {
                bail!("the stream {NAME} exists, but does not take {SUBJECTS}");
            }
            if info.config.duplicate_window < super::replay::DOUBTFUL {
                tracing::warn!("the stream {NAME} has a short duplicate window; consumers may see events again");
            }
            Ok(Found {
                refill: info.state.messages == 0 || info.config.description.as_deref() == Some(REFILLING),
                max_message_size: info.config.max_message_size,
            })
        }
        Err(e) if missing(&e) => {
            jetstream.create_stream(config(settings, REFILLING)).await.context("the stream cannot be created")?;
            tracing::info!("created the stream {NAME}");
            Ok(Found { refill: true, max_message_size: -1 })
        }
        Err(e) => Err(e).context("JetStream does not answer; NATS has to run with it (-js)"),
    }
}

fn missing(error: &jetstream::context::GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(e) if e.code() == 404)
}

/// Notes in the stream's description that it has every event again.
pub async fn refilled(jetstream: &jetstream::Context) -> anyhow::Result<()> {
    let stream = jetstream.get_stream(NAME).await.context("the stream is gone")?;
    let config = stream.cached_info().config.clone();
    if config.description.as_deref() == Some(REFILLING) {
        let done = Config { description: Some(DESCRIPTION.to_owned()), ..config };
        jetstream.update_stream(done).await.context("the stream's description cannot be changed")?;
    }
    Ok(())
}

fn config(settings: &Settings, description: &str) -> Config {
    Config {
        name: NAME.to_owned(),
        description: Some(description.to_owned()),
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
