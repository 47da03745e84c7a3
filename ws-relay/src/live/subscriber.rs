//! The way from a channel to one socket: a bounded queue that nobody ever waits for.

use crate::live::frame::{EphemeralFrame, LoggedFrame};
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use messaging_core::socket::CloseCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

/// Names a socket within this relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId(u64);

impl SocketId {
    /// The next one.
    pub fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What a channel gives to its subscribers.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// The frame of the next event.
    Logged(Arc<LoggedFrame>),
    /// An ephemeral frame.
    Ephemeral(Arc<EphemeralFrame>),
    /// The frame of an event about the caller's own membership, in whichever channel.
    Membership(Arc<LoggedFrame>),
    /// Events up to this number are lost to the log; the next frame has the number after it.
    Reload(ChannelId, Seq),
    /// The channel has been deleted.
    Gone(ChannelId),
}

impl Delivery {
    /// The channel that it comes from.
    pub fn channel(&self) -> ChannelId {
        match self {
            Self::Logged(frame) | Self::Membership(frame) => frame.channel,
            Self::Ephemeral(frame) => frame.channel,
            Self::Reload(channel, _) | Self::Gone(channel) => *channel,
        }
    }
}

/// Tells the subscriptions of a socket apart: a delivery that is under way for one that has ended is not taken for a
/// delivery of the next one to the same channel.
pub type Generation = u32;

/// A channel's end of a socket's queue.
#[derive(Clone)]
pub struct Subscriber {
    /// The socket.
    pub socket: SocketId,
    /// The socket's subscription that the deliveries belong to.
    pub generation: Generation,
    queue: Sender<(Generation, Delivery)>,
    cut: Cut,
}

/// Ends a socket from outside. The first reason counts.
#[derive(Clone, Default)]
pub struct Cut {
    reason: Arc<OnceLock<CloseCode>>,
    token: CancellationToken,
}

impl Cut {
    /// Ends the socket.
    pub fn now(&self, reason: CloseCode) {
        let _ = self.reason.set(reason);
        self.token.cancel();
    }

    /// Waits for the end.
    pub async fn wait(&self) -> CloseCode {
        self.token.cancelled().await;
        self.reason.get().copied().unwrap_or(CloseCode::GoingAway)
    }
}

/// Makes a queue of `size` deliveries for a socket: the channels' end, the socket's end, and what ends the socket.
pub fn subscriber(socket: SocketId, size: usize) -> (Subscriber, Receiver<(Generation, Delivery)>, Cut) {
    let (queue, receiver) = channel(size);
    let cut = Cut::default();
    (Subscriber { socket, generation: 0, queue, cut: cut.clone() }, receiver, cut)
}

impl Subscriber {
    /// Puts a delivery into the queue; `false` when the socket is closed, or is cut because its queue is full.
    pub fn offer(&self, delivery: Delivery) -> bool {
        match self.queue.try_send((self.generation, delivery)) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.cut.now(CloseCode::SlowReader);
                false
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }

    /// Puts an ephemeral frame into the queue while less than half of it is taken, so that the other half is left to
    /// logged frames; `false` when the frame is dropped. Never cuts the socket.
    pub fn offer_ephemeral(&self, frame: Arc<EphemeralFrame>) -> bool {
        let size = self.queue.max_capacity();
        let taken = size.saturating_sub(self.queue.capacity());
        // Channels that look at the same moment may together take a few places more: one per thread at most.
        taken < size / 2 && self.queue.try_send((self.generation, Delivery::Ephemeral(frame))).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const CHANNEL: ChannelId = ChannelId(Uuid::nil());

    fn reload(seq: Seq) -> Delivery {
        Delivery::Reload(CHANNEL, seq)
    }

    fn ephemeral() -> Arc<EphemeralFrame> {
        Arc::new(EphemeralFrame { channel: CHANNEL, text: "{}".into() })
    }

    #[tokio::test]
    async fn a_full_queue_cuts_the_socket_and_keeps_what_it_has() {
        let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 2);
        assert!(subscriber.offer(reload(1)));
        assert!(subscriber.offer(reload(2)));
        assert!(!subscriber.offer(reload(3)));
        assert_eq!(cut.wait().await, CloseCode::SlowReader);
        assert!(matches!(queue.try_recv(), Ok((0, Delivery::Reload(_, 1)))));
        assert!(matches!(queue.try_recv(), Ok((0, Delivery::Reload(_, 2)))));
        assert!(queue.try_recv().is_err());
    }

    #[test]
    fn ephemeral_frames_take_half_of_the_queue_and_never_cut() {
        let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 8);
        assert_eq!((0..10_000).filter(|_| subscriber.offer_ephemeral(ephemeral())).count(), 4);
        // The other half is there for logged frames, all of it.
        assert!((1..=4).all(|seq| subscriber.offer(reload(seq))));
        assert!(!subscriber.offer_ephemeral(ephemeral()));
        assert!(!cut.token.is_cancelled());
        // Room for ephemeral frames comes back only below the half.
        for _ in 0..4 {
            queue.try_recv().unwrap();
            assert!(!subscriber.offer_ephemeral(ephemeral()));
        }
        queue.try_recv().unwrap();
        assert!(subscriber.offer_ephemeral(ephemeral()));
        assert!(!subscriber.offer_ephemeral(ephemeral()));
    }

    #[test]
    fn a_queue_of_one_is_for_logged_frames_only_and_a_closed_one_takes_nothing() {
        let (one, queue, cut) = subscriber(SocketId::next(), 1);
        assert!(!one.offer_ephemeral(ephemeral()));
        assert!(one.offer(reload(1)));
        drop(queue);
        assert!(!one.offer_ephemeral(ephemeral()));
        assert!(!one.offer(reload(2)));
        assert!(!cut.token.is_cancelled());
    }

    #[tokio::test]
    async fn the_first_reason_counts() {
        let cut = Cut::default();
        cut.now(CloseCode::SlowReader);
        cut.now(CloseCode::GoingAway);
        assert_eq!(cut.wait().await, CloseCode::SlowReader);
    }
}
