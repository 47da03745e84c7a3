//! A WebSocket on a connection that has been upgraded. The library reads and keeps the protocol; frames of events pass it by.

use crate::socket::outgoing::Outgoing;
use bytes::Bytes;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite};
use tungstenite::error::ProtocolError;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Error, Message, Result};

/// The server's end of a WebSocket.
pub struct WebSocket<S> {
    context: WebSocketContext,
    outgoing: Outgoing<S>,
    /// After an error or the end nothing more is read.
    has_ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Messages may have `largest` bytes; so many are read at a time.
    pub fn new(stream: S, largest: usize, read_buffer: usize) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(Some(largest))
            .max_frame_size(Some(largest))
            .read_buffer_size(read_buffer)
            // What the library writes joins what waits at once, so that it never stands in the middle of another frame.
            .write_buffer_size(0);
        let context = WebSocketContext::new(Role::Server, Some(config));
        Self { context, outgoing: Outgoing::new(stream), has_ended: false }
    }

    /// The next message; `None` at the end. Nothing is lost when the wait is given up.
    pub async fn recv(&mut self) -> Option<Result<Message>> {
        poll_fn(|context| self.poll_recv(context)).await
    }

    fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Message>>> {
        if !self.has_ended {
            match self.context.read(&mut Blocking { outgoing: &mut self.outgoing, context: Some(context) }) {
                Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => return Poll::Pending,
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => self.has_ended = true,
                Err(e) => {
                    self.has_ended = true;
                    return Poll::Ready(Some(Err(e)));
                }
                Ok(message) => return Poll::Ready(Some(Ok(message))),
            }
        }
        // The answer to the client's close may still wait.
        let _ = ready!(self.outgoing.poll_flush(context));
        Poll::Ready(None)
    }

    /// Puts a message behind what waits.
    pub fn push(&mut self, message: Message) -> Result<()> {
        match self.context.write(&mut Blocking { outgoing: &mut self.outgoing, context: None }, message) {
            Err(Error::ConnectionClosed) => Ok(()),
            done => done,
        }
    }

    /// The same of texts that are frames already.
    pub fn push_packed(&mut self, frames: Bytes) -> Result<()> {
        if !self.context.can_write() {
            return Err(Error::Protocol(ProtocolError::SendAfterClosing));
        }
        self.outgoing.push(frames);
        Ok(())
    }

    /// Drops the frames that wait, but for those that a write has begun.
    pub fn keep_begun(&mut self) {
        self.outgoing.keep_begun();
    }

    /// The bytes that wait to be sent.
    pub fn waiting(&self) -> usize {
        self.outgoing.waiting()
    }

    /// Sends what waits.
    pub fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        let flushed = self.context.flush(&mut Blocking { outgoing: &mut self.outgoing, context: Some(context) });
        match flushed {
            Err(Error::Io(e)) if e.kind() == ErrorKind::WouldBlock => Poll::Pending,
            // It was the answer to the client's close.
            Err(Error::ConnectionClosed) => self.outgoing.poll_flush(context).map_err(Error::Io),
            done => Poll::Ready(done),
        }
    }
}

/// The connection as the library knows one: what cannot be done at once is an error. Without a context nothing is sent.
struct Blocking<'a, 'b, S> {
    outgoing: &'a mut Outgoing<S>,
    context: Option<&'a mut Context<'b>>,
}

fn done<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(done) => done,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Read for Blocking<'_, '_, S> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.context
            .as_mut()
            .map_or(Err(ErrorKind::WouldBlock.into()), |context| done(self.outgoing.poll_read(context, into)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Write for Blocking<'_, '_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.push(Bytes::copy_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.context.as_mut().map_or(Ok(()), |context| done(self.outgoing.poll_flush(context)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::packed::pack;
    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    /// A frame of a client, masked with zeros.
    fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
        frame.extend(payload);
        frame
    }

    fn pair(room: usize) -> (WebSocket<DuplexStream>, DuplexStream) {
        let (ours, theirs) = duplex(room);
        (WebSocket::new(ours, 1000, 64), theirs)
    }

    async fn flush(socket: &mut WebSocket<DuplexStream>) {
        poll_fn(|context| socket.poll_flush(context)).await.unwrap();
    }

    async fn read(client: &mut DuplexStream, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        client.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn pings_notices_and_events_go_out_in_the_order_in_which_they_were_put() {
        let (mut socket, mut client) = pair(1000);
        socket.push(Message::text("a")).unwrap();
        socket.push_packed(pack(["b", "c"].into_iter())).unwrap();
        socket.push(Message::Ping(Bytes::new())).unwrap();
        socket.push_packed(pack(["d"].into_iter())).unwrap();
        assert_eq!(socket.waiting(), 14);
        flush(&mut socket).await;
        assert_eq!(read(&mut client, 14).await, b"\x81\x01a\x81\x01b\x81\x01c\x89\x00\x81\x01d");
    }

    #[tokio::test]
    async fn a_pong_never_stands_in_the_middle_of_a_frame() {
        let (mut socket, mut client) = pair(8);
        let text = "x".repeat(100);
        socket.push_packed(pack([text.as_str()].into_iter())).unwrap();
        assert!(poll_fn(|context| socket.poll_flush(context)).now_or_never().is_none(), "the client takes eight bytes");
        client.write_all(&masked(9, b"!")).await.unwrap();
        assert_eq!(socket.recv().await.unwrap().unwrap(), Message::Ping(Bytes::from_static(b"!")));
        let (read, ()) = tokio::join!(read(&mut client, 105), flush(&mut socket));
        assert_eq!(read[..2], [0x81, 100]);
        assert_eq!(read[102..], *b"\x8a\x01!");
    }

    #[tokio::test]
    async fn a_clients_close_is_answered_and_then_it_is_the_end() {
        let (mut socket, mut client) = pair(1000);
        client.write_all(&masked(8, &1000u16.to_be_bytes())).await.unwrap();
        assert!(matches!(socket.recv().await, Some(Ok(Message::Close(Some(_))))));
        assert!(socket.push_packed(pack(["late"].into_iter())).is_err());
        assert!(socket.recv().await.is_none() && socket.recv().await.is_none());
        assert_eq!(read(&mut client, 4).await, b"\x88\x02\x03\xe8");
    }

    #[tokio::test]
    async fn the_answer_to_a_close_goes_out_with_a_flush_too() {
        let (mut socket, mut client) = pair(1000);
        client.write_all(&masked(8, &1000u16.to_be_bytes())).await.unwrap();
        assert!(matches!(socket.recv().await, Some(Ok(Message::Close(_)))));
        flush(&mut socket).await;
        assert_eq!(read(&mut client, 4).await, b"\x88\x02\x03\xe8");
        assert!(socket.recv().await.is_none());
    }

    #[tokio::test]
    async fn messages_are_bounded_and_after_an_error_nothing_is_read() {
        let (mut socket, mut client) = pair(5000);
        client.write_all(&[0x81, 0xfe, 0x10, 0x00, 0, 0, 0, 0]).await.unwrap();
        assert!(matches!(socket.recv().await, Some(Err(Error::Capacity(_)))));
        assert!(socket.recv().await.is_none());
        let close = tungstenite::protocol::CloseFrame { code: 1009.into(), reason: "large".into() };
        socket.push(Message::Close(Some(close))).unwrap();
        flush(&mut socket).await;
        assert_eq!(read(&mut client, 9).await, b"\x88\x07\x03\xf1large");
    }
}
