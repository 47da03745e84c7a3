//! How much a WebSocket's client may send without a whole message.
//!
//! The library hands on whole messages. A client that never ends one, with small or empty frames for ever, would keep
//! it busy unseen, so the bytes are counted below it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The bytes that a client may still send. As long as the connection speaks HTTP, whose own bounds hold then, nothing
/// is counted.
#[derive(Clone)]
pub struct Meter {
    left: Arc<AtomicUsize>,
    /// Sockets that the connection may have: they share it, and what one of them says allows all that there are more.
    sockets: usize,
}

/// Counting has not begun.
const UNLIMITED: usize = usize::MAX;

impl Default for Meter {
    fn default() -> Self {
        Self::of(1)
    }
}

impl Meter {
    /// Of a connection that may have so many sockets.
    fn of(sockets: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(UNLIMITED)), sockets }
    }

    /// Allows `bytes` a socket from now on.
    pub fn allow(&self, bytes: usize) {
        let sockets = self.under_way().clamp(1, self.sockets);
        self.left.store(bytes.saturating_mul(sockets), Ordering::Relaxed);
    }

    /// How many requests and sockets of the connection are under way: each holds the meter. So do the connection, who hands
    /// it to requests, and who asks.
    pub fn under_way(&self) -> usize {
        Arc::strong_count(&self.left).saturating_sub(3)
    }

    /// Whether the client has sent all that it may.
    pub fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    fn took(&self, bytes: usize) {
        let left = self.left.load(Ordering::Relaxed);
        if left != UNLIMITED {
            self.left.store(left.saturating_sub(bytes), Ordering::Relaxed);
        }
    }
}

/// A connection whose bytes are counted.
pub struct Metered<S> {
    stream: S,
    meter: Meter,
}

impl<S> Metered<S> {
    /// Wraps a connection that may have so many sockets; nothing is counted yet.
    pub fn new(stream: S, sockets: usize) -> (Self, Meter) {
        let meter = Meter::of(sockets);
        (Self { stream, meter: meter.clone() }, meter)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.meter.is_spent() {
            return Poll::Ready(Err(io::Error::other("too many bytes without a message")));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.meter.took(buffer.filled().len().saturating_sub(before));
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_allowed_for_the_sockets_that_there_are() {
        let (connection, meter) = Metered::new((), 100);
        let of_requests = meter.clone();
        let one = of_requests.clone();
        one.allow(10);
        connection.meter.took(9);
        assert!(!one.is_spent());
        connection.meter.took(1);
        assert!(one.is_spent(), "a hundred that could be there say nothing");
        let other = of_requests.clone();
        other.allow(10);
        connection.meter.took(19);
        assert!(!one.is_spent(), "each of two may be in the middle of a message");
        connection.meter.took(1);
        assert!(one.is_spent() && other.is_spent());
        drop(meter);
    }
}
