//! The socket itself: everything that waits for the client also watches for the reasons to end.

use crate::http::meter::Meter;
use crate::live::batch::Batch;
use crate::live::packed::pack;
use crate::live::subscriber::SocketId;
use crate::socket::departure::try_again;
use crate::socket::websocket::WebSocket;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use messaging_core::socket::{CloseCode, MAX_BYTES_BETWEEN_MESSAGES, RefusalCode, with_retry_after};
use std::future::{pending, poll_fn};
use std::task::Poll;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tungstenite::error::ProtocolError;
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, Message, Utf8Bytes};

/// A client that takes nothing for this long is gone.
const WRITE: Duration = Duration::from_secs(75);
/// The time for that begins anew with so many bytes taken.
const PROGRESS: usize = 4 * 1024;
/// A closing socket waits this long for the client, so that a slow one can still read the close code.
const LINGER: Duration = Duration::from_secs(10);
/// After bytes that cannot be understood nothing more is read. The connection stays this long, because its end would
/// overtake the close code.
const LINGER_UNREAD: Duration = Duration::from_secs(1);
/// When so many bytes wait, they are sent before more is put behind them.
const MUCH: usize = 16 * 1024;
/// A refused socket has this long from its handshake to its end.
const REFUSED: Duration = Duration::from_secs(2);

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The relay closes the socket.
    Close(CloseCode),
    /// The client is gone.
    Lost,
}

/// A socket over whatever connection.
pub type Socket = WebSocket<TokioIo<Upgraded>>;

/// A socket and the reasons to end it.
pub struct Connection {
    socket: Socket,
    /// Not polled again after it was ready: then the session is over.
    end: BoxFuture<'static, CloseCode>,
    meter: Meter,
    /// What the client sends cannot be understood any more.
    is_broken: bool,
}

impl Connection {
    /// Ends the session when `end` says so.
    pub fn new(socket: Socket, meter: Meter, end: BoxFuture<'static, CloseCode>) -> Self {
        meter.allow(MAX_BYTES_BETWEEN_MESSAGES);
        Self { socket, end, meter, is_broken: false }
    }

    /// The next message of the client.
    pub async fn next(&mut self) -> Result<Message, End> {
        tokio::select! {
            biased;
            close = &mut self.end => Err(End::Close(close)),
            message = self.socket.recv() => match message {
                Some(Ok(message)) => {
                    self.meter.allow(MAX_BYTES_BETWEEN_MESSAGES);
                    Ok(message)
                }
                Some(Err(e)) => {
                    self.is_broken = true;
                    Err(if self.meter.is_spent() { End::Close(CloseCode::TooManyMessages) } else { end_of(&e) })
                }
                None => Err(End::Lost),
            },
        }
    }

    /// Puts a text behind those that wait for [`Connection::flush`].
    pub async fn say(&mut self, text: &str) -> Result<(), End> {
        self.put(pack(std::iter::once(text))).await
    }

    /// Puts all frames of a batch there.
    pub async fn pass_on(&mut self, batch: &Batch) -> Result<(), End> {
        self.put(batch.packed()).await
    }

    async fn put(&mut self, packed: Bytes) -> Result<(), End> {
        self.socket.push_packed(packed).map_err(|_| End::Lost)?;
        if self.socket.waiting() > MUCH { self.flush().await } else { Ok(()) }
    }

    /// Asks whether the client is still there.
    pub fn ping(&mut self) -> Result<(), End> {
        self.socket.push(Message::Ping(Bytes::new())).map_err(|_| End::Lost)
    }

    /// Sends what waits.
    pub async fn flush(&mut self) -> Result<(), End> {
        // Mostly the connection takes it all at once.
        let flushed = poll_fn(|context| Poll::Ready(self.socket.poll_flush(context))).await;
        match flushed {
            Poll::Ready(flushed) => flushed.map_err(|_| End::Lost),
            Poll::Pending => Box::pin(self.flush_in_time()).await,
        }
    }

    async fn flush_in_time(&mut self) -> Result<(), End> {
        loop {
            let Self { socket, end, .. } = self;
            let waiting = socket.waiting();
            let some = poll_fn(|context| match socket.poll_flush(context) {
                Poll::Ready(flushed) => Poll::Ready(flushed.map(|()| true)),
                // The client has taken something; how long it has for the rest is counted anew.
                Poll::Pending if socket.waiting().saturating_add(PROGRESS) <= waiting => Poll::Ready(Ok(false)),
                Poll::Pending => Poll::Pending,
            });
            match or_end(end, timeout(WRITE, some)).await? {
                Ok(Ok(true)) => return Ok(()),
                Ok(Ok(false)) => {}
                Ok(Err(_)) | Err(_) => return Err(End::Lost),
            }
        }
    }

    /// Waits for something else, unless the session ends.
    pub async fn meanwhile<T>(&mut self, future: impl Future<Output = T>) -> Result<T, End> {
        or_end(&mut self.end, future).await
    }

    /// Goes on without regard to what has ended the session, for what is still to be sent.
    pub fn outlive_the_end(&mut self) {
        self.end = Box::pin(pending());
    }

    /// Closes the socket and waits a while for the client to do the same, so that it can read the reason.
    pub async fn close(mut self, reason: Option<(CloseCode, Utf8Bytes)>) {
        let farewell = async {
            if let Some((code, reason)) = reason {
                // What a slow reader has not taken it asks for when it comes back; the code has to arrive in time.
                if code == CloseCode::SlowReader {
                    self.socket.keep_begun();
                }
                send_close(&mut self.socket, code.code(), reason).await?;
            }
            if self.is_broken {
                sleep(LINGER_UNREAD).await;
            }
            while let Some(Ok(_)) = self.socket.recv().await {}
            Some(())
        };
        let _ = timeout(LINGER, farewell).await;
    }
}

/// Closes a socket that carries nothing, so that its client learns why.
pub async fn refuse(mut socket: Socket, meter: Meter, refusal: RefusalCode) {
    meter.allow(MAX_BYTES_BETWEEN_MESSAGES);
    let reason = match refusal {
        RefusalCode::TryAgain => with_retry_after(refusal.reason(), try_again(SocketId::next())).into(),
        _ => Utf8Bytes::from_static(refusal.reason()),
    };
    let farewell = async {
        send_close(&mut socket, refusal.code(), reason).await?;
        // At most so many: the client has nothing to say.
        for _ in 0..16 {
            socket.recv().await?.ok()?;
        }
        Some(())
    };
    let _ = timeout(REFUSED, farewell).await;
}

async fn send_close(socket: &mut Socket, code: u16, reason: Utf8Bytes) -> Option<()> {
    socket.push(Message::Close(Some(CloseFrame { code: code.into(), reason }))).ok()?;
    poll_fn(|context| socket.poll_flush(context)).await.ok()
}

/// What the client is told about bytes that cannot be understood (RFC 6455, section 7.4.1).
fn end_of(error: &Error) -> End {
    match error {
        Error::Capacity(_) => End::Close(CloseCode::MessageTooLarge),
        Error::Utf8(_) => End::Close(CloseCode::InvalidText),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Lost,
        Error::Protocol(_) => End::Close(CloseCode::ProtocolError),
        _ => End::Lost,
    }
}

/// Polls the future first, because mostly it is ready at once.
async fn or_end<T>(end: &mut BoxFuture<'static, CloseCode>, future: impl Future<Output = T>) -> Result<T, End> {
    tokio::select! {
        biased;
        done = future => Ok(done),
        close = end => Err(End::Close(close)),
    }
}
