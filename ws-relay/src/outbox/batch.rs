//! Publishes events in their order, many on the way at once.
//!
//! Each names the one before it, which has to be the stream's last (`Nats-Expected-Last-Msg-Id`), and the place that this
//! one then has (`Nats-Expected-Last-Sequence`). So when one is lost, late or refused, or the stream has it already, the
//! server refuses those behind it, and they are sent again behind it: the stream has a channel's events in order whatever
//! fails, and the way to NATS is waited for once, not once for each event. The name alone is not enough: an event that the
//! stream has already may be its last, and those behind it would be taken although some before it were refused.

use super::fitting::Limit;
use super::lease::Lease;
use super::nats_session::NatsSession;
use super::outcome::{Done, Outcome, Refused};
use crate::event::Event;
use crate::live::frame::{EphemeralFrame, FrameType, LoggedFrame};
use crate::live::subject;
use async_nats::HeaderMap;
use async_nats::header::{NATS_EXPECTED_LAST_MESSAGE_ID, NATS_EXPECTED_LAST_SEQUENCE, NATS_MESSAGE_ID};
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use messaging_core::ids::ChannelId;
use std::collections::{HashSet, VecDeque};
use tokio::sync::mpsc::UnboundedSender;

/// Events whose acknowledgement is still to come, at most.
const WINDOW: usize = 256;
/// Passes over a batch that bring no more than one event forward before events are sent one by one. Others may publish to
/// a stream that takes more than our subjects, and stand between two of ours.
const PATIENCE: u32 = 2;
/// The error of JetStream for a message over the stream's limit.
const MESSAGE_EXCEEDS_MAXIMUM: u64 = 10054;

/// One batch on its way.
pub struct Batch<'a> {
    nats: &'a NatsSession,
    lease: &'a Lease,
    limit: Limit,
    /// Events that were published before: they go to the stream alone, and say that they come again.
    is_refill: bool,
    /// Events that hold up nothing when they are refused.
    given_up: HashSet<i64>,
    /// Told of each event that NATS has.
    done: UnboundedSender<Done>,
    /// Events that the stream takes only in their shortest form.
    too_large: HashSet<i64>,
    /// Events that were shortened; each counts once, however often it is sent.
    shortened: HashSet<i64>,
    outcome: Outcome,
}

/// What has to be the stream's last message for an event to follow it.
struct Before {
    message_id: String,
    place: u64,
}

/// An event that waits for its acknowledgement.
type UnderWay = (Event, PublishAckFuture);

impl<'a> Batch<'a> {
    /// Events for the first time, and their frames for the relays whose sockets subscribe to the channel. A channel waits
    /// behind an event that is refused, unless that is among `given_up`.
    pub fn new(
        nats: &'a NatsSession,
        lease: &'a Lease,
        limit: Limit,
        given_up: HashSet<i64>,
        done: UnboundedSender<Done>,
    ) -> Self {
        let (too_large, shortened, outcome) = Default::default();
        Self { nats, lease, limit, is_refill: false, given_up, done, too_large, shortened, outcome }
    }

    /// Events again; the relays have had their frames. No channel waits behind an event that is refused.
    pub fn again(nats: &'a NatsSession, lease: &'a Lease, limit: Limit, done: UnboundedSender<Done>) -> Self {
        Self { is_refill: true, ..Self::new(nats, lease, limit, HashSet::new(), done) }
    }

    /// Publishes the events of any number of channels.
    pub async fn publish(mut self, mut events: Vec<Event>) -> Outcome {
        events.sort_by_key(|event| (event.seq, event.id));
        let (mut stuck, mut first_pass) = (0, true);
        while !events.is_empty() {
            let before = events.len();
            let window = if stuck < PATIENCE { WINDOW } else { 1 };
            events = self.pass(events, first_pass && !self.is_refill, window).await;
            if self.outcome.broken.is_some() {
                break;
            }
            stuck = if events.len() + 1 >= before { stuck + 1 } else { stuck.min(PATIENCE) };
            first_pass = false;
        }
        self.outcome.shortened = self.shortened.len().try_into().unwrap_or(u64::MAX);
        self.outcome
    }

    /// Sends events in their order, and returns those that have to be sent again.
    async fn pass(&mut self, events: Vec<Event>, with_frames: bool, window: usize) -> Vec<Event> {
        let mut waiting = events.into_iter();
        let mut under_way: VecDeque<UnderWay> = VecDeque::new();
        let mut again = Vec::new();
        // Outside the stream: NATS has them when this process has handed them over.
        let mut core_ids = Vec::new();
        // The first is taken wherever it comes; what is behind it is refused if its place was another one.
        let (mut before, mut place): (Option<Before>, _) = (None, self.nats.last_place());
        loop {
            while under_way.len() < window {
                let Some(event) = waiting.next() else { break };
                if self.is_held(event.channel) {
                    continue;
                }
                let expected = before.as_ref().filter(|_| window > 1);
                match self.send(&event, expected, with_frames).await {
                    Ok(Some(ack)) => {
                        place = place.saturating_add(1);
                        before = Some(Before { message_id: event.message_id(), place });
                        under_way.push_back((event, ack));
                    }
                    Ok(None) => core_ids.push(event.id),
                    Err(Failure::Refused(e)) => self.refused(&event, true, &e),
                    Err(Failure::Broken(e)) => {
                        self.outcome.broken = Some(e);
                        return again;
                    }
                }
            }
            let Some((event, ack)) = under_way.pop_front() else { break };
            if let Some(event) = self.acknowledged(event, ack).await {
                again.push(event);
            }
            if self.outcome.broken.is_some() {
                return again;
            }
        }
        self.flush(core_ids).await;
        again.retain(|event| !self.is_held(event.channel));
        again
    }

    /// What became of an event; gives it back when it has to be sent again.
    async fn acknowledged(&mut self, event: Event, ack: PublishAckFuture) -> Option<Event> {
        match ack.await {
            Ok(ack) => {
                self.nats.saw_place(ack.sequence);
                self.outcome.new += u64::from(!ack.duplicate);
                self.tell(&event);
                self.done((event.id, i64::try_from(ack.sequence).ok()));
                None
            }
            Err(e) => match e.kind() {
                PublishErrorKind::WrongLastMessageId | PublishErrorKind::WrongLastSequence => Some(event),
                PublishErrorKind::Other if is_too_large(&e) && self.too_large.insert(event.id) => Some(event),
                PublishErrorKind::Other => {
                    self.refused(&event, is_own_fault(&e), &e.into());
                    None
                }
                _ => {
                    self.outcome.broken = Some(e.into());
                    None
                }
            },
        }
    }

    /// Core NATS acknowledges nothing; a flush makes sure at least that what counts as published has left this process.
    async fn flush(&mut self, ids: Vec<i64>) {
        match self.nats.client.flush().await {
            Ok(()) => ids.into_iter().for_each(|id| self.done((id, None))),
            Err(e) => self.outcome.broken = Some(e.into()),
        }
    }

    /// Sends one event; gives the acknowledgement that the stream will send.
    async fn send(
        &mut self,
        event: &Event,
        expected: Option<&Before>,
        with_frames: bool,
    ) -> Result<Option<PublishAckFuture>, Failure> {
        self.lease.check().map_err(Failure::Broken)?;
        let mut headers = HeaderMap::new();
        headers.insert(NATS_MESSAGE_ID, event.message_id());
        if self.is_refill {
            headers.insert(subject::REFILL, event.generation.to_string());
        }
        let fitting = self.limit.fit(&event.payload, self.too_large.contains(&event.id));
        if !fitting.left_out.is_empty() {
            let left_out = fitting.left_out.join(",");
            tracing::warn!(
                outbox_id = event.id,
                subject = event.subject,
                "larger than NATS takes; left out: {left_out}"
            );
            headers.insert(subject::LEFT_OUT, left_out);
            self.shortened.insert(event.id);
        }
        let Some(frame_type) = FrameType::of_subject(&event.subject) else {
            core(self.nats, event.subject.clone(), headers, fitting.payload).await?;
            return Ok(None);
        };
        if with_frames {
            self.frame(event, frame_type).await?;
            self.personal(event).await?;
        }
        if let Some(expected) = expected {
            headers.insert(NATS_EXPECTED_LAST_MESSAGE_ID, expected.message_id.as_str());
            headers.insert(NATS_EXPECTED_LAST_SEQUENCE, expected.place.to_string());
        }
        let message = PublishMessage::build().payload(fitting.payload).headers(headers);
        match self.nats.jetstream.send_publish(event.subject.clone(), message).await {
            Ok(ack) => Ok(Some(ack)),
            Err(e) if e.kind() == PublishErrorKind::MaxPayloadExceeded => Err(Failure::Refused(e.into())),
            Err(e) => Err(Failure::Broken(e.into())),
        }
    }

    /// Passes the frame on before the event goes to the stream, on the same connection: whoever has the event's
    /// acknowledgement knows that the server has the frame, too.
    async fn frame(&self, event: &Event, frame_type: FrameType<'_>) -> Result<(), Failure> {
        match LoggedFrame::of_event(event, frame_type) {
            // Its readers miss a number and take the frame from the log.
            Ok(frame) if !self.limit.takes(&frame.text) => Ok(()),
            Ok(frame) => {
                let (headers, body) = subject::logged_message(&frame, &event.subject);
                for subject in subject::all_of(&frame) {
                    core(self.nats, subject, headers.clone(), body.clone()).await?;
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

    /// Tells one person what belongs to the event. It is ephemeral: where NATS does not take it, it is dropped.
    async fn personal(&mut self, event: &Event) -> Result<(), Failure> {
        let Some(personal) = &event.personal else { return Ok(()) };
        let (to, frame) = match EphemeralFrame::for_somebody(personal) {
            Ok(addressed) => addressed,
            Err(e) => {
                tracing::error!(outbox_id = event.id, "what somebody is told with an event is no frame: {e}");
                return Ok(());
            }
        };
        match core(self.nats, subject::member(&to), HeaderMap::new(), frame.text.into()).await {
            Ok(()) => self.outcome.personal += 1,
            Err(Failure::Refused(e)) => tracing::debug!("NATS did not take an ephemeral frame: {e:#}"),
            Err(broken) => return Err(broken),
        }
        Ok(())
    }

    /// One line to an event, by which a request is followed to its end. Those that come again had theirs.
    fn tell(&self, event: &Event) {
        if !self.is_refill {
            let Event { id: outbox_id, channel, seq, subject, request_id, .. } = event;
            let request_id = request_id.as_deref();
            tracing::info!(target: "published", request_id, outbox_id, %channel, seq, subject, "published");
        }
    }

    fn done(&mut self, done: Done) {
        self.outcome.done += 1;
        // Nobody takes note any more when the session ends, and the next one finds the event in the stream.
        let _ = self.done.send(done);
    }

    fn refused(&mut self, event: &Event, is_own_fault: bool, e: &anyhow::Error) {
        tracing::error!(outbox_id = event.id, channel = %event.channel, "NATS refused an event: {e:#}");
        self.outcome.refused.push(Refused { channel: event.channel, id: event.id, is_own_fault });
    }

    /// Whether an event waits because one before it in its channel was refused.
    fn is_held(&self, channel: ChannelId) -> bool {
        let holds = |refused: &Refused| refused.channel == channel && !self.given_up.contains(&refused.id);
        !self.is_refill && self.outcome.refused.iter().any(holds)
    }
}

enum Failure {
    /// This event cannot be published now; others can.
    Refused(anyhow::Error),
    /// No event can be published now.
    Broken(anyhow::Error),
}

fn jetstream_error(error: &PublishError) -> Option<&async_nats::jetstream::Error> {
    std::error::Error::source(error).and_then(|e| e.downcast_ref())
}

fn is_too_large(error: &PublishError) -> bool {
    jetstream_error(error).is_some_and(|e| e.error_code().0 == MESSAGE_EXCEEDS_MAXIMUM)
}

/// As in HTTP: what is over 500 is the server's fault.
fn is_own_fault(error: &PublishError) -> bool {
    jetstream_error(error).is_some_and(|e| (400..500).contains(&e.code()))
}

/// Publishes outside the stream.
async fn core(nats: &NatsSession, subject: String, headers: HeaderMap, body: Bytes) -> Result<(), Failure> {
    nats.client.publish_with_headers(subject, headers, body).await.map_err(|e| match e.kind() {
        async_nats::client::PublishErrorKind::Send => Failure::Broken(e.into()),
        _ => Failure::Refused(e.into()),
    })
}
