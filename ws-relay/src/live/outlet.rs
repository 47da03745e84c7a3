//! The way from a channel to one socket: a bounded queue that nobody ever waits for.

use crate::event::{Frame, Seq};
use crate::socket::close::Close;
use messaging_core::ids::ChannelId;
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

/// What a channel gives to its sockets.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// The next event.
    Event(Arc<Frame>),
    /// Events up to this number are lost to the log; what follows comes behind it.
    Reload(ChannelId, Seq),
    /// The channel has been deleted.
    Gone(ChannelId),
}

/// Tells a socket's memberships apart, so that what is still under way for one that has ended is not taken for
/// another's.
pub type Membership = u32;

/// A channel's end of a socket's queue.
#[derive(Clone)]
pub struct Outlet {
    /// Whose it is.
    pub socket: SocketId,
    /// What it is for.
    pub membership: Membership,
    queue: Sender<(Membership, Delivery)>,
    cut: Cut,
}

/// Ends a socket from outside. The first reason counts.
#[derive(Clone, Default)]
pub struct Cut {
    reason: Arc<OnceLock<Close>>,
    token: CancellationToken,
}

impl Cut {
    /// Ends the socket.
    pub fn now(&self, reason: Close) {
        let _ = self.reason.set(reason);
        self.token.cancel();
    }

    /// Waits for the end.
    pub async fn wait(&self) -> Close {
        self.token.cancelled().await;
        self.reason.get().copied().unwrap_or(Close::GoingAway)
    }
}

/// Makes a queue of `size` for a socket: the channels' end, the socket's end, and what the socket watches meanwhile.
pub fn outlet(socket: SocketId, size: usize) -> (Outlet, Receiver<(Membership, Delivery)>, Cut) {
    let (queue, receiver) = channel(size);
    let cut = Cut::default();
    (Outlet { socket, membership: 0, queue, cut: cut.clone() }, receiver, cut)
}

impl Outlet {
    /// Puts something into the queue; `false` when the socket is closed or is cut now because its queue is full.
    pub fn offer(&self, delivery: Delivery) -> bool {
        match self.queue.try_send((self.membership, delivery)) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.cut.now(Close::SlowReader);
                false
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[tokio::test]
    async fn a_full_queue_cuts_the_socket_and_keeps_what_it_has() {
        let (outlet, mut queue, cut) = outlet(SocketId::next(), 2);
        let reload = |seq| Delivery::Reload(ChannelId(Uuid::nil()), seq);
        assert!(outlet.offer(reload(1)));
        assert!(outlet.offer(reload(2)));
        assert!(!outlet.offer(reload(3)));
        assert_eq!(cut.wait().await, Close::SlowReader);
        assert!(matches!(queue.try_recv(), Ok((0, Delivery::Reload(_, 1)))));
        assert!(matches!(queue.try_recv(), Ok((0, Delivery::Reload(_, 2)))));
        assert!(queue.try_recv().is_err());
    }

    #[tokio::test]
    async fn the_first_reason_counts() {
        let cut = Cut::default();
        cut.now(Close::SlowReader);
        cut.now(Close::GoingAway);
        assert_eq!(cut.wait().await, Close::SlowReader);
    }
}
