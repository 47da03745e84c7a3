//! The way from a channel to one socket: a bounded queue that nobody ever waits for.

use crate::live::delivery::Delivery;
use crate::live::frame::EphemeralFrame;
use futures_util::task::AtomicWaker;
use messaging_core::socket::CloseCode;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;

/// Deliveries for which an empty queue keeps room.
const KEPT: usize = 8;

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

/// Tells the subscriptions of a socket apart: a delivery that is under way for one that has ended is not taken for a
/// delivery of the next one to the same channel.
pub type Generation = u32;

/// What waits for a socket.
#[derive(Default)]
struct Waiting {
    deliveries: VecDeque<(Generation, Delivery)>,
    frames: usize,
    bytes: usize,
    is_closed: bool,
}

/// A queue, of which an idle socket has nothing but this.
struct Shared {
    waiting: Mutex<Waiting>,
    /// Frames and bytes that may wait.
    size: usize,
    max_bytes: usize,
    /// The socket's task, when it waits for a delivery.
    taker: AtomicWaker,
    /// Why the socket ends.
    reason: OnceLock<CloseCode>,
    /// The socket's task, which always waits for that.
    ender: AtomicWaker,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A channel's end of a socket's queue.
#[derive(Clone)]
pub struct Subscriber {
    /// The socket.
    pub socket: SocketId,
    /// The socket's subscription that the deliveries belong to.
    pub generation: Generation,
    shared: Arc<Shared>,
}

/// The socket's end of its queue.
pub struct Queue(Arc<Shared>);

impl Queue {
    /// Waits for the next delivery. Nothing is lost when the wait is given up.
    pub async fn recv(&mut self) -> (Generation, Delivery) {
        poll_fn(|context| {
            if let Some(taken) = self.try_recv() {
                return Poll::Ready(taken);
            }
            self.0.taker.register(context.waker());
            // One may have come in between.
            self.try_recv().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// The next delivery, if there is one.
    pub fn try_recv(&mut self) -> Option<(Generation, Delivery)> {
        let mut waiting = self.0.lock();
        let Some(taken) = waiting.deliveries.pop_front() else {
            // What a busy moment has taken is given back.
            if waiting.deliveries.capacity() > KEPT {
                waiting.deliveries = VecDeque::new();
            }
            return None;
        };
        waiting.frames = waiting.frames.saturating_sub(taken.1.frames());
        waiting.bytes = waiting.bytes.saturating_sub(taken.1.bytes());
        Some(taken)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        *self.0.lock() = Waiting { is_closed: true, ..Waiting::default() };
    }
}

/// Ends a socket from outside. The first reason counts.
#[derive(Clone)]
pub struct Cut(Arc<Shared>);

impl Cut {
    /// Ends the socket.
    pub fn now(&self, reason: CloseCode) {
        let _ = self.0.reason.set(reason);
        self.0.ender.wake();
    }

    /// Waits for the end.
    pub async fn wait(&self) -> CloseCode {
        poll_fn(|context| {
            if let Some(reason) = self.0.reason.get() {
                return Poll::Ready(*reason);
            }
            self.0.ender.register(context.waker());
            self.0.reason.get().map_or(Poll::Pending, |reason| Poll::Ready(*reason))
        })
        .await
    }
}

/// Makes a queue of at most `size` frames with `max_bytes` of text for a socket: the channels' end, the socket's end,
/// and what ends the socket. A delivery that is larger than that goes into an empty queue.
pub fn subscriber(socket: SocketId, size: usize, max_bytes: usize) -> (Subscriber, Queue, Cut) {
    let shared = Arc::new(Shared {
        waiting: Mutex::default(),
        size,
        max_bytes,
        taker: AtomicWaker::new(),
        reason: OnceLock::new(),
        ender: AtomicWaker::new(),
    });
    (Subscriber { socket, generation: 0, shared: shared.clone() }, Queue(shared.clone()), Cut(shared))
}

impl Subscriber {
    /// Puts a delivery into the queue; `false` when the socket is closed, or is cut because its queue is full.
    pub fn offer(&self, delivery: Delivery) -> bool {
        match self.put(delivery, self.shared.size, self.shared.max_bytes) {
            Put::Waits => true,
            Put::Closed => false,
            Put::Full => {
                Cut(self.shared.clone()).now(CloseCode::SlowReader);
                false
            }
        }
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
        let half = self.shared.size / 2;
        half > 0 && self.put(delivery, half, self.shared.max_bytes / 2) == Put::Waits
    }

    /// Puts a delivery into the queue, unless it is closed or would have, with the delivery, more than this.
    fn put(&self, delivery: Delivery, size: usize, max_bytes: usize) -> Put {
        let mut waiting = self.shared.lock();
        if waiting.is_closed {
            return Put::Closed;
        }
        let frames = waiting.frames.saturating_add(delivery.frames());
        let bytes = waiting.bytes.saturating_add(delivery.bytes());
        if !waiting.deliveries.is_empty() && (frames > size || waiting.bytes > 0 && bytes > max_bytes) {
            return Put::Full;
        }
        (waiting.frames, waiting.bytes) = (frames, bytes);
        waiting.deliveries.push_back((self.generation, delivery));
        drop(waiting);
        self.shared.taker.wake();
        Put::Waits
    }
}

/// What becomes of a delivery.
#[derive(PartialEq, Eq)]
enum Put {
    Waits,
    Full,
    Closed,
}

#[cfg(test)]
mod tests;
