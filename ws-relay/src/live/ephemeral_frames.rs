//! The ephemeral frames of one channel on their way from NATS to the channel's task.

use crate::live::frame::EphemeralFrame;
use crate::live::hub::Hub;
use crate::live::nats_subscription::{Arrival, NatsSubscription};
use crate::live::subject;
use crate::metrics::{DropReason, Metrics};
use async_nats::Message;
use messaging_core::ids::ChannelId;
use std::future::pending;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::task::AbortOnDropHandle;

/// Frames that wait for the channel's task at most. Further ones are dropped.
const WAITING: usize = 64;

/// A subscription to a channel's ephemeral frames, with a bounded buffer; it ends when it is dropped.
pub struct EphemeralFrames {
    waiting: Receiver<Arc<EphemeralFrame>>,
    _task: AbortOnDropHandle<()>,
}

impl EphemeralFrames {
    /// Starts to subscribe.
    pub fn subscribe(hub: &Hub, id: ChannelId) -> Self {
        let (sender, waiting) = channel(WAITING);
        let metrics = hub.metrics.clone();
        let mut subscription = NatsSubscription::new(hub.ephemeral_nats.clone(), subject::ephemeral(id));
        let task = tokio::spawn(async move {
            loop {
                if let Arrival::Message(message) = subscription.next().await {
                    keep(&sender, id, message, &metrics);
                }
            }
        });
        Self { waiting, _task: AbortOnDropHandle::new(task) }
    }

    /// Waits for the next frame. Nothing is lost when the wait is given up.
    pub async fn next(&mut self) -> Arc<EphemeralFrame> {
        match self.waiting.recv().await {
            Some(frame) => frame,
            None => pending().await,
        }
    }
}

/// Puts a message into the buffer if it is a frame and there is room.
fn keep(sender: &Sender<Arc<EphemeralFrame>>, id: ChannelId, message: Message, metrics: &Metrics) {
    let Some(frame) = subject::ephemeral_frame(id, message) else {
        return metrics.dropped(DropReason::Invalid, 1);
    };
    if sender.try_send(Arc::new(frame)).is_err() {
        metrics.dropped(DropReason::ChannelBusy, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use uuid::Uuid;

    fn message(payload: &'static [u8]) -> Message {
        Message {
            subject: "relay.ephemeral".into(),
            reply: None,
            payload: Bytes::from_static(payload),
            headers: None,
            status: None,
            description: None,
            length: payload.len(),
        }
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_dropped_is_counted() {
        let (sender, mut waiting) = channel(WAITING);
        let (id, metrics) = (ChannelId(Uuid::nil()), Metrics::default());
        (0..10_000).for_each(|_| keep(&sender, id, message(b"{}"), &metrics));
        keep(&sender, id, message(b"\xff"), &metrics);
        assert_eq!(std::iter::from_fn(|| waiting.try_recv().ok()).count(), WAITING);
        let text = metrics.encode();
        assert!(text.contains("ephemeral_dropped_total{reason=\"channel_busy\"} 9936"), "{text}");
        assert!(text.contains("ephemeral_dropped_total{reason=\"invalid\"} 1"), "{text}");
    }
}
