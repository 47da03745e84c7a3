//! The way from a channel to one socket: a bounded queue that nobody ever waits for.

use crate::live::frame::{EphemeralFrame, LoggedFrame};
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use messaging_core::socket::CloseCode;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
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

    /// A number that is spread evenly over its whole range, however few consecutive ids one looks at.
    pub fn mixed(self) -> u32 {
        // 2^64 divided by the golden ratio.
        u32::try_from(self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32).unwrap_or(u32::MAX)
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
    /// An ephemeral frame for the caller alone, about whichever channel.
    Personal(Arc<EphemeralFrame>),
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
            Self::Ephemeral(frame) | Self::Personal(frame) => frame.channel,
            Self::Reload(channel, _) | Self::Gone(channel) => *channel,
        }
    }

    /// The bytes of its text.
    fn bytes(&self) -> usize {
        match self {
            Self::Logged(frame) | Self::Membership(frame) => frame.text.len(),
            Self::Ephemeral(frame) | Self::Personal(frame) => frame.text.len(),
            Self::Reload(..) | Self::Gone(_) => 0,
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
    bytes: Arc<AtomicUsize>,
    max_bytes: usize,
    cut: Cut,
}

/// The socket's end of its queue.
pub struct Queue {
    deliveries: Receiver<(Generation, Delivery)>,
    /// How many bytes wait in it.
    bytes: Arc<AtomicUsize>,
}

impl Queue {
    /// Waits for the next delivery. Nothing is lost when the wait is given up.
    pub async fn recv(&mut self) -> Option<(Generation, Delivery)> {
        let taken = self.deliveries.recv().await;
        self.took(taken)
    }

    /// The next delivery, if there is one.
    pub fn try_recv(&mut self) -> Option<(Generation, Delivery)> {
        let taken = self.deliveries.try_recv().ok();
        self.took(taken)
    }

    fn took(&self, taken: Option<(Generation, Delivery)>) -> Option<(Generation, Delivery)> {
        taken.inspect(|(_, delivery)| {
            self.bytes.fetch_sub(delivery.bytes(), Ordering::Relaxed);
        })
    }
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

/// Makes a queue of at most `size` deliveries with `max_bytes` of text for a socket: the channels' end, the socket's end,
/// and what ends the socket. A delivery that is larger than that goes into an empty queue.
pub fn subscriber(socket: SocketId, size: usize, max_bytes: usize) -> (Subscriber, Queue, Cut) {
    let (queue, deliveries) = channel(size);
    let (bytes, cut) = (Arc::new(AtomicUsize::new(0)), Cut::default());
    let subscriber = Subscriber { socket, generation: 0, queue, bytes: bytes.clone(), max_bytes, cut: cut.clone() };
    (subscriber, Queue { deliveries, bytes }, cut)
}

impl Subscriber {
    /// Puts a delivery into the queue; `false` when the socket is closed, or is cut because its queue is full.
    pub fn offer(&self, delivery: Delivery) -> bool {
        if !self.put(delivery, self.max_bytes) && !self.queue.is_closed() {
            self.cut.now(CloseCode::SlowReader);
            return false;
        }
        !self.queue.is_closed()
    }

    /// Puts an ephemeral frame into the queue while less than half of it is taken, so that the other half is left to
    /// logged frames; `false` when the frame is dropped. Never cuts the socket.
    pub fn offer_ephemeral(&self, frame: Arc<EphemeralFrame>) -> bool {
        self.offer_droppable(Delivery::Ephemeral(frame))
    }

    /// The same of a frame for the caller alone.
    pub fn offer_personal(&self, frame: Arc<EphemeralFrame>) -> bool {
        self.offer_droppable(Delivery::Personal(frame))
    }

    fn offer_droppable(&self, delivery: Delivery) -> bool {
        let size = self.queue.max_capacity();
        let taken = size.saturating_sub(self.queue.capacity());
        // Channels that look at the same moment may together take a few places more: one per thread at most.
        taken < size / 2 && self.put(delivery, self.max_bytes / 2)
    }

    /// Puts a delivery into the queue; `false` when it is closed or full, or has, with the delivery, too many bytes.
    fn put(&self, delivery: Delivery, max_bytes: usize) -> bool {
        let bytes = delivery.bytes();
        // Counted before it can be taken out.
        let waiting = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let fits = waiting == 0 || waiting.saturating_add(bytes) <= max_bytes;
        let put = fits && self.queue.try_send((self.generation, delivery)).is_ok();
        if !put {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        put
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
        let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 2, 100);
        assert!(subscriber.offer(reload(1)));
        assert!(subscriber.offer(reload(2)));
        assert!(!subscriber.offer(reload(3)));
        assert_eq!(cut.wait().await, CloseCode::SlowReader);
        assert!(matches!(queue.try_recv(), Some((0, Delivery::Reload(_, 1)))));
        assert!(matches!(queue.try_recv(), Some((0, Delivery::Reload(_, 2)))));
        assert!(queue.try_recv().is_none());
    }

    fn logged(seq: Seq, bytes: usize) -> Delivery {
        Delivery::Logged(Arc::new(LoggedFrame::example(seq, &"x".repeat(bytes))))
    }

    #[tokio::test]
    async fn too_many_bytes_cut_the_socket_although_there_is_room_for_more_frames() {
        let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 1000, 100);
        assert!(subscriber.offer(logged(1, 60)));
        assert!(subscriber.offer(logged(2, 40)));
        assert!(queue.try_recv().is_some());
        assert!(subscriber.offer(logged(3, 60)), "what was taken out counts no more");
        assert!(!subscriber.offer(logged(4, 1)));
        assert_eq!(cut.wait().await, CloseCode::SlowReader);
        assert_eq!(std::iter::from_fn(|| queue.try_recv()).count(), 2, "it keeps what it has");
        assert_eq!(queue.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_frame_that_is_larger_than_a_queue_may_be_gets_through_alone() {
        let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 1000, 100);
        assert!(subscriber.offer(logged(1, 5000)));
        assert!(queue.try_recv().is_some());
        assert!(subscriber.offer(logged(2, 5000)));
        assert!(!cut.token.is_cancelled());
    }

    #[test]
    fn ephemeral_frames_take_half_of_the_bytes() {
        let (subscriber, _queue, cut) = subscriber(SocketId::next(), 1000, 100);
        assert_eq!((0..1000).filter(|_| subscriber.offer_ephemeral(ephemeral())).count(), 25);
        assert!(subscriber.offer(logged(1, 50)));
        assert!(!cut.token.is_cancelled());
    }

    #[test]
    fn ephemeral_frames_take_half_of_the_queue_and_never_cut() {
        let (subscriber, mut queue, cut) = subscriber(SocketId::next(), 8, 100);
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
        let (one, queue, cut) = subscriber(SocketId::next(), 1, 100);
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
