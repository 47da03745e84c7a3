//! Reads what the stream holds, message by message.

use crate::event::Event;
use anyhow::Context;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::stream::Stream;
use futures_util::StreamExt;
use serde::Deserialize;
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// Messages of a page.
const PAGE: usize = 1000;
/// The longest wait for a message that the stream has.
const DEADLINE: Duration = Duration::from_secs(10);
/// No event that the outbox still holds was published before that.
const AGE: Duration = Duration::from_secs(2 * 86_400);

/// Where to begin.
#[derive(Debug, Clone, Copy)]
pub enum From {
    /// With everything that may still be in the outbox.
    TheDay,
    /// Behind this place.
    Behind(i64),
}

/// An event that the stream holds.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// The row that it had when it was published.
    pub id: i64,
    /// The event.
    pub event_id: Uuid,
    /// Its place in the stream.
    pub place: i64,
}

/// A reading of the stream up to where it ended when it began.
pub struct Inventory {
    messages: Option<pull::Ordered>,
    last: u64,
}

impl Inventory {
    /// Begins one.
    pub async fn begin(stream: &Stream, from: From) -> anyhow::Result<Self> {
        let state = &stream.cached_info().state;
        let deliver_policy = match from {
            From::TheDay => DeliverPolicy::ByStartTime { start_time: state.last_timestamp - AGE },
            From::Behind(place) => {
                DeliverPolicy::ByStartSequence { start_sequence: u64::try_from(place).unwrap_or(0).saturating_add(1) }
            }
        };
        let is_over = match deliver_policy {
            DeliverPolicy::ByStartSequence { start_sequence } => start_sequence > state.last_sequence,
            _ => false,
        };
        if state.messages == 0 || is_over {
            return Ok(Self { messages: None, last: 0 });
        }
        let config = pull::OrderedConfig { deliver_policy, ..pull::OrderedConfig::default() };
        let consumer = stream.create_consumer(config).await.context("the stream cannot be read")?;
        // Nothing comes when all that is left has been deleted one by one.
        let messages = match consumer.cached_info().num_pending {
            0 => None,
            _ => Some(consumer.messages().await.context("the stream cannot be read")?),
        };
        Ok(Self { messages, last: state.last_sequence })
    }

    /// The next events, in the stream's order; none at its end.
    pub async fn page(&mut self) -> anyhow::Result<Vec<Held>> {
        let mut page = Vec::new();
        while let Some(messages) = &mut self.messages
            && page.len() < PAGE
        {
            let message = timeout(DEADLINE, messages.next()).await.context("the stream stopped in the middle")?;
            let message = message.context("the stream ended in the middle")?.context("the stream cannot be read")?;
            let info = message.info().map_err(|e| anyhow::anyhow!("a message of the stream has no place: {e}"))?;
            let (sequence, pending) = (info.stream_sequence, info.pending);
            page.extend(held(&message, i64::try_from(sequence)?));
            if sequence >= self.last || pending == 0 {
                self.messages = None;
            }
        }
        Ok(page)
    }
}

/// What a message tells of its event; `None` for what nobody of ours has published.
fn held(message: &Message, place: i64) -> Option<Held> {
    #[derive(Deserialize)]
    struct Payload {
        event_id: Uuid,
    }
    let id = Event::row_id(message.headers.as_ref()?.get(NATS_MESSAGE_ID)?.as_str())?;
    let Payload { event_id } = serde_json::from_slice(&message.payload).ok()?;
    Some(Held { id, event_id, place })
}
