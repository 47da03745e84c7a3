//! The socket itself: everything that waits for the client also watches for the reasons to end.

use crate::http::meter::Meter;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use futures_util::future::BoxFuture;
use messaging_core::socket::{CloseCode, MAX_BYTES_BETWEEN_MESSAGES, RefusalCode};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tungstenite::Error;
use tungstenite::error::ProtocolError;

/// A client that takes nothing for this long is gone.
const WRITE: Duration = Duration::from_secs(75);
/// A closing socket waits this long for the client, so that a slow one can still read the close code.
const LINGER: Duration = Duration::from_secs(10);
/// After bytes that cannot be understood nothing more is read. The connection stays this long, because its end would
/// overtake the close code.
const LINGER_UNREAD: Duration = Duration::from_secs(1);
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

/// A socket and the reasons to end it.
pub struct Connection {
    socket: WebSocket,
    /// Not polled again after it was ready: then the session is over.
    end: BoxFuture<'static, CloseCode>,
    meter: Meter,
    /// What the client sends cannot be understood any more.
    is_broken: bool,
}

impl Connection {
    /// Ends the session when `end` says so.
    pub fn new(socket: WebSocket, meter: Meter, end: BoxFuture<'static, CloseCode>) -> Self {
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
                    Err(if self.meter.is_spent() { End::Close(CloseCode::TooManyMessages) } else { end_of(e) })
                }
                None => Err(End::Lost),
            },
        }
    }

    /// Puts a message behind those that wait for [`Connection::flush`].
    pub async fn feed(&mut self, message: Message) -> Result<(), End> {
        let sent = timeout(WRITE, self.socket.feed(message));
        or_end(&mut self.end, sent).await?.map_or(Err(End::Lost), |sent| sent.map_err(|_| End::Lost))
    }

    /// Sends what waits.
    pub async fn flush(&mut self) -> Result<(), End> {
        let sent = timeout(WRITE, self.socket.flush());
        or_end(&mut self.end, sent).await?.map_or(Err(End::Lost), |sent| sent.map_err(|_| End::Lost))
    }

    /// Waits for something else, unless the session ends.
    pub async fn meanwhile<T>(&mut self, future: impl Future<Output = T>) -> Result<T, End> {
        or_end(&mut self.end, future).await
    }

    /// Closes the socket and waits a while for the client to do the same, so that it can read the reason.
    pub async fn close(mut self, reason: Option<CloseCode>) {
        let farewell = async {
            if let Some(reason) = reason {
                let frame = CloseFrame { code: reason.code(), reason: Utf8Bytes::from_static(reason.reason()) };
                self.socket.send(Message::Close(Some(frame))).await.ok()?;
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
pub async fn refuse(mut socket: WebSocket, meter: Meter, refusal: RefusalCode) {
    meter.allow(MAX_BYTES_BETWEEN_MESSAGES);
    let frame = CloseFrame { code: refusal.code(), reason: Utf8Bytes::from_static(refusal.reason()) };
    let farewell = async {
        socket.send(Message::Close(Some(frame))).await.ok()?;
        // At most so many: the client has nothing to say.
        for _ in 0..16 {
            socket.recv().await?.ok()?;
        }
        Some(())
    };
    let _ = timeout(REFUSED, farewell).await;
}

/// What the client is told about bytes that cannot be understood (RFC 6455, section 7.4.1).
fn end_of(error: axum::Error) -> End {
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => End::Close(CloseCode::MessageTooLarge),
        Some(Error::Utf8(_)) => End::Close(CloseCode::InvalidText),
        Some(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => End::Lost,
        Some(Error::Protocol(_)) => End::Close(CloseCode::ProtocolError),
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
