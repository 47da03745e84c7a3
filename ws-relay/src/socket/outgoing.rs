//! What goes out to a client waits here in whole frames, until all of it is written in one go. Frames that many sockets get
//! are the same bytes for all of them, and an idle socket has no buffer.

use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Pieces that one call of the system takes at most.
const PIECES: usize = 32;
/// Where it takes one piece only, pieces are put together up to this size.
const TOGETHER: usize = 16 * 1024;
/// Pieces for which there stays room when all is written.
const KEPT: usize = 8;

/// A connection, and what waits to be written to it.
pub struct Outgoing<S> {
    stream: S,
    pieces: VecDeque<Bytes>,
    bytes: usize,
    /// Whether a part of the first piece is written.
    has_begun: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Outgoing<S> {
    /// Nothing waits yet.
    pub fn new(stream: S) -> Self {
        Self { stream, pieces: VecDeque::new(), bytes: 0, has_begun: false }
    }

    /// Puts whole frames behind what waits.
    pub fn push(&mut self, frames: Bytes) {
        if !frames.is_empty() {
            self.bytes = self.bytes.saturating_add(frames.len());
            self.pieces.push_back(frames);
        }
    }

    /// The bytes that wait.
    pub fn waiting(&self) -> usize {
        self.bytes
    }

    /// Drops what waits, but for frames of which a part is written.
    pub fn keep_begun(&mut self) {
        self.pieces.truncate(usize::from(self.has_begun));
        self.bytes = self.pieces.iter().map(Bytes::len).sum();
    }

    /// Reads what the client has sent.
    pub fn poll_read(&mut self, context: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut into = ReadBuf::new(into);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut into))?;
        Poll::Ready(Ok(into.filled().len()))
    }

    /// Writes all that waits.
    pub fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pieces.is_empty() {
            let written = ready!(self.poll_write(context))?;
            if written == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            self.wrote(written);
        }
        if self.pieces.capacity() > KEPT {
            self.pieces = VecDeque::new();
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        if self.pieces.len() > 1 && stream.is_write_vectored() {
            let mut slices = [IoSlice::new(&[]); PIECES];
            let mut pieces = 0;
            for (slice, piece) in slices.iter_mut().zip(&self.pieces) {
                *slice = IoSlice::new(piece);
                pieces += 1;
            }
            return stream.poll_write_vectored(context, slices.get(..pieces).unwrap_or_default());
        }
        self.put_together();
        let first = self.pieces.front().map_or(&[][..], Bytes::as_ref);
        // Such a connection keeps a copy of what it takes.
        Pin::new(&mut self.stream).poll_write(context, first.get(..TOGETHER).unwrap_or(first))
    }

    /// Makes one piece of the first ones, if they are small.
    fn put_together(&mut self) {
        let mut bytes = 0usize;
        let fits = |piece: &&Bytes| {
            bytes = bytes.saturating_add(piece.len());
            bytes <= TOGETHER
        };
        let many = self.pieces.iter().take_while(fits).count();
        if many > 1 {
            let mut whole = BytesMut::with_capacity(self.pieces.iter().take(many).map(Bytes::len).sum());
            self.pieces.drain(..many).for_each(|piece| whole.extend_from_slice(&piece));
            self.pieces.push_front(whole.freeze());
        }
    }

    fn wrote(&mut self, mut written: usize) {
        self.bytes = self.bytes.saturating_sub(written);
        while let Some(first) = self.pieces.front_mut() {
            if first.len() > written {
                first.advance(written);
                self.has_begun |= written > 0;
                return;
            }
            self.has_begun = false;
            written -= first.len();
            self.pieces.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::{AsyncReadExt, duplex};

    /// A connection that takes a few bytes at a time.
    struct Narrow<S> {
        stream: S,
        is_vectored: bool,
        calls: usize,
    }

    impl<S: AsyncRead + Unpin> AsyncRead for Narrow<S> {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_read(cx, into)
        }
    }

    impl<S: AsyncWrite + Unpin> AsyncWrite for Narrow<S> {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.calls += 1;
            Pin::new(&mut self.stream).poll_write(cx, bytes)
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            slices: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.calls += 1;
            let all: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            Pin::new(&mut self.stream).poll_write(cx, &all)
        }

        fn is_write_vectored(&self) -> bool {
            self.is_vectored
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        }
    }

    #[tokio::test]
    async fn everything_arrives_in_order_however_little_the_connection_takes() {
        for is_vectored in [true, false] {
            let (ours, mut theirs) = duplex(7);
            let mut outgoing = Outgoing::new(Narrow { stream: ours, is_vectored, calls: 0 });
            let texts: Vec<_> = (0..200).map(|n| format!("{n}:{}", "x".repeat(n))).collect();
            texts.iter().for_each(|text| outgoing.push(Bytes::from(text.clone())));
            assert_eq!(outgoing.waiting(), texts.concat().len());
            let written = tokio::spawn(async move {
                poll_fn(|context| outgoing.poll_flush(context)).await.unwrap();
                assert_eq!((outgoing.waiting(), outgoing.pieces.capacity()), (0, 0));
            });
            let mut read = String::new();
            theirs.read_to_string(&mut read).await.unwrap();
            written.await.unwrap();
            assert_eq!(read, texts.concat());
        }
    }

    #[tokio::test]
    async fn what_waits_is_written_in_one_go() {
        for is_vectored in [true, false] {
            let (ours, _theirs) = duplex(100_000);
            let mut outgoing = Outgoing::new(Narrow { stream: ours, is_vectored, calls: 0 });
            (0..20).for_each(|_| outgoing.push(Bytes::from_static(b"0123456789")));
            poll_fn(|context| outgoing.poll_flush(context)).await.unwrap();
            assert_eq!(outgoing.stream.calls, 1);
        }
    }

    #[tokio::test]
    async fn what_is_dropped_are_whole_pieces() {
        for is_vectored in [true, false] {
            let (ours, mut theirs) = duplex(5);
            let mut outgoing = Outgoing::new(Narrow { stream: ours, is_vectored, calls: 0 });
            outgoing.push(Bytes::from("x".repeat(TOGETHER)));
            outgoing.push(Bytes::from_static(b"dropped"));
            outgoing.keep_begun();
            assert_eq!(outgoing.waiting(), 0, "nothing is written yet");
            outgoing.push(Bytes::from("x".repeat(TOGETHER)));
            outgoing.push(Bytes::from_static(b"dropped"));
            poll_fn(|context| Poll::Ready(outgoing.poll_flush(context))).await.is_pending().then_some(()).unwrap();
            outgoing.keep_begun();
            assert_eq!(outgoing.waiting(), TOGETHER - 5);
            outgoing.push(Bytes::from_static(b"last"));
            let written = tokio::spawn(async move { poll_fn(|context| outgoing.poll_flush(context)).await.unwrap() });
            let mut read = vec![0; TOGETHER + 4];
            theirs.read_exact(&mut read).await.unwrap();
            written.await.unwrap();
            assert!(read.ends_with(b"xlast"));
        }
    }

    #[tokio::test]
    async fn a_connection_that_has_gone_is_an_error() {
        let (ours, theirs) = duplex(10);
        drop(theirs);
        let mut outgoing = Outgoing::new(ours);
        outgoing.push(Bytes::from_static(b"x"));
        assert!(poll_fn(|context| outgoing.poll_flush(context)).await.is_err());
    }
}
