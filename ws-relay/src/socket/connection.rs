//! The socket itself: everything that waits for the client also watches for the reasons to end.

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::SinkExt;
use futures_util::future::BoxFuture;
use messaging_core::socket::CloseCode;
use std::future::pending;
use std::time::Duration;
use tokio::time::timeout;

/// A client that takes nothing for this long is gone.
const WRITE: Duration = Duration::from_secs(75);
/// A closing socket waits this long for the client, so that a slow one can still read the close code.
const LINGER: Duration = Duration::from_secs(10);

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
}

impl Connection {
    /// Ends the session when `end` says so.
    pub fn new(socket: WebSocket, end: BoxFuture<'static, CloseCode>) -> Self {
        Self { socket, end }
    }

    /// The next message of the client.
    pub async fn next(&mut self) -> Result<Message, End> {
        tokio::select! {
            biased;
            close = &mut self.end => Err(End::Close(close)),
            message = self.socket.recv() => match message {
                Some(Ok(message)) => Ok(message),
                Some(Err(e)) if e.to_string().contains("too long") => Err(End::Close(CloseCode::MessageTooLarge)),
                Some(Err(_)) | None => Err(End::Lost),
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

    /// Goes on without regard to what has ended the session, for what is still to be sent.
    pub fn outlive_the_end(&mut self) {
        self.end = Box::pin(pending());
    }

    /// Closes the socket and waits a while for the client to do the same, so that it can read the reason.
    pub async fn close(mut self, reason: Option<(CloseCode, Utf8Bytes)>) {
        let farewell = async {
            if let Some((code, reason)) = reason {
                let frame = CloseFrame { code: code.code(), reason };
                self.socket.send(Message::Close(Some(frame))).await.ok()?;
            }
            while let Some(Ok(_)) = self.socket.recv().await {}
            Some(())
        };
        let _ = timeout(LINGER, farewell).await;
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
