//! Publishes a batch of events: channels side by side, within a channel one event after the other.
//!
//! The next event of a channel is sent when the one before is acknowledged. That costs a round trip per event of
//! one and the same channel, and in return the stream has them in order whatever is lost, late or refused.

use super::nats_session::NatsSession;
use crate::event::Event;
use crate::live::frame::{FrameType, LoggedFrame};
use crate::live::subject;
use async_nats::HeaderMap;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use futures_util::future::join_all;
use messaging_core::ids::ChannelId;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// The outcome of a batch.
#[derive(Default)]
pub struct Outcome {
    /// Ids of the events that NATS has.
    pub done: Vec<i64>,
    /// How many of them the stream did not have before.
    pub new: u64,
    /// Channels with an event that NATS refused, and that event's id. The channel's later events were not sent.
    pub refused: Vec<(ChannelId, i64)>,
    /// The connection or the stream is gone.
    pub broken: Option<anyhow::Error>,
}

/// Publishes events, and their frames for the relays whose sockets subscribe to the channel.
pub async fn publish(nats: &NatsSession, events: Vec<Event>) -> Outcome {
    run(nats, events, true).await
}

/// Publishes events again; the relays have had their frames.
pub async fn republish(nats: &NatsSession, events: Vec<Event>) -> Outcome {
    run(nats, events, false).await
}

async fn run(nats: &NatsSession, events: Vec<Event>, first_time: bool) -> Outcome {
    let mut channels: HashMap<ChannelId, Vec<Event>> = HashMap::new();
    for event in events {
        channels.entry(event.channel).or_default().push(event);
    }
    let mut outcome = Outcome::default();
    for part in join_all(channels.into_values().map(|events| chain(nats, events, first_time))).await {
        outcome.done.extend(part.done);
        outcome.new += part.new;
        outcome.refused.extend(part.refused);
        outcome.broken = outcome.broken.or(part.broken);
    }
    // Core NATS acknowledges nothing; a flush makes sure at least that what counts as published has left this process.
    if let Err(e) = nats.client.flush().await {
        outcome.done.clear();
        outcome.broken = Some(e.into());
    }
    outcome
}

/// The events of one channel.
async fn chain(nats: &NatsSession, mut events: Vec<Event>, first_time: bool) -> Outcome {
    events.sort_by_key(|event| (event.seq, event.id));
    let mut outcome = Outcome::default();
    for event in events {
        match one(nats, &event, first_time).await {
            Ok(new) => {
                outcome.done.push(event.id);
                outcome.new += u64::from(new);
            }
            Err(Failure::Refused(e)) => {
                tracing::error!(outbox_id = event.id, channel = %event.channel, "NATS refused an event: {e:#}");
                outcome.refused.push((event.channel, event.id));
                if first_time {
                    break;
                }
            }
            Err(Failure::Broken(e)) => {
                outcome.broken = Some(e);
                break;
            }
        }
    }
    outcome
}

enum Failure {
    /// This event cannot be published now; others can.
    Refused(anyhow::Error),
    /// No event can be published now.
    Broken(anyhow::Error),
}

/// Publishes one event; `true` when the stream did not have it.
async fn one(nats: &NatsSession, event: &Event, first_time: bool) -> Result<bool, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(async_nats::header::NATS_MESSAGE_ID, event.id.to_string());
    let payload = event.payload.clone().into();
    let Some(frame_type) = FrameType::of_subject(&event.subject) else {
        core(nats, event.subject.clone(), headers, payload).await?;
        return Ok(true);
    };
    if first_time {
        frame(nats, event, frame_type).await?;
    }
    let message = PublishMessage::build().payload(payload).headers(headers);
    let acknowledged = async { nats.jetstream.send_publish(event.subject.clone(), message).await?.await };
    match acknowledged.await {
        Ok(ack) => Ok(!ack.duplicate),
        Err(e) => Err(match e.kind() {
            PublishErrorKind::MaxPayloadExceeded | PublishErrorKind::Other => Failure::Refused(e.into()),
            _ => Failure::Broken(e.into()),
        }),
    }
}

/// Passes the frame on before the event goes to the stream, on the same connection: whoever has the event's
/// acknowledgement knows that the server has the frame, too.
async fn frame(nats: &NatsSession, event: &Event, frame_type: FrameType<'_>) -> Result<(), Failure> {
    match LoggedFrame::of_event(event, frame_type) {
        Ok(frame) => {
            let (headers, body) = subject::logged_message(&frame, &event.subject);
            for subject in subject::all_of(&frame) {
                core(nats, subject, headers.clone(), body.clone()).await?;
            }
            Ok(())
        }
        // The event itself still has its consumers; the channel's subscribers are told to reload.
        Err(e) => {
            tracing::error!(outbox_id = event.id, "an event's payload makes no frame: {e}");
            Ok(())
        }
    }
}

/// Publishes outside the stream.
async fn core(nats: &NatsSession, subject: String, headers: HeaderMap, body: Bytes) -> Result<(), Failure> {
    nats.client.publish_with_headers(subject, headers, body).await.map_err(|e| match e.kind() {
        async_nats::client::PublishErrorKind::Send => Failure::Broken(e.into()),
        _ => Failure::Refused(e.into()),
    })
}

/// Channels that wait because one of their events was refused, so that they do not fill every batch.
#[derive(Default)]
pub struct Held(HashMap<ChannelId, (Instant, Duration)>);

/// The wait after the first refusal, and the longest.
const HOLD: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

impl Held {
    /// The channels that wait at `now`.
    pub fn channels(&self, now: Instant) -> Vec<Uuid> {
        self.0.iter().filter(|(_, (until, _))| *until > now).map(|(channel, _)| channel.0).collect()
    }

    /// Takes note of what was refused.
    pub fn update(&mut self, outcome: &Outcome, now: Instant) {
        // A channel whose wait is over was tried, unless its turn has not come: then it is tried again soon enough.
        let refused: HashMap<_, _> = outcome.refused.iter().copied().collect();
        for channel in refused.keys() {
            let wait = self.0.get(channel).map_or(HOLD.0, |(_, wait)| wait.saturating_mul(2).min(HOLD.1));
            self.0.insert(*channel, (now + wait, wait));
        }
        self.0.retain(|channel, (until, _)| *until > now || refused.contains_key(channel));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_channel_waits_longer_each_time_and_then_no_more() {
        let (mut held, start) = (Held::default(), Instant::now());
        let channel = ChannelId(Uuid::nil());
        let refused = Outcome { refused: vec![(channel, 1)], ..Outcome::default() };
        held.update(&refused, start);
        assert_eq!(held.channels(start), [channel.0]);
        let later = start + HOLD.0;
        assert!(held.channels(later).is_empty());
        held.update(&refused, later);
        assert_eq!(held.channels(later + HOLD.0), [channel.0]);
        held.update(&Outcome::default(), later + HOLD.1);
        assert!(held.0.is_empty());
    }
}
