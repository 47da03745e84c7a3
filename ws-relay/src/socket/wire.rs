//! The socket itself: everything that waits for the client also watches for the reasons to end.

use crate::socket::close::Close;
use axum::extract::ws::{Message, WebSocket};
use futures_util::SinkExt;
use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio::time::timeout;

/// A client that takes nothing for this long is gone.
const WRITE: Duration = Duration::from_secs(75);
/// How long a closing socket waits for the client: so long can a slow one take to find the close code.
const LINGER: Duration = Duration::from_secs(10);

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The relay closes the socket.
    Close(Close),
    /// The client is gone.
    Lost,
}

/// A socket and the reasons to end it.
pub struct Wire {
    socket: WebSocket,
    /// Never polled again when it was ready: then the session is over.
    end: BoxFuture<'static, Close>,
}

impl Wire {
    /// Ends the session when `end` says so.
    pub fn new(socket: WebSocket, end: BoxFuture<'static, Close>) -> Self {
        Self { socket, end }
    }

    /// The next message of the client.
    pub async fn next(&mut self) -> Result<Message, End> {
        tokio::select! {
            biased;
            close = &mut self.end => Err(End::Close(close)),
            message = self.socket.recv() => match message {
                Some(Ok(message)) => Ok(message),
                Some(Err(e)) if e.to_string().contains("too long") => Err(End::Close(Close::TooBig)),
                Some(Err(_)) | None => Err(End::Lost),
            },
        }
    }

    /// Puts a message behind those that wait for [`Wire::flush`].
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
    pub async fn close(mut self, reason: Option<Close>) {
        let farewell = async {
            if let Some(reason) = reason {
                self.socket.send(Message::Close(Some(reason.frame()))).await.ok()?;
            }
            while let Some(Ok(_)) = self.socket.recv().await {}
            Some(())
        };
        let _ = timeout(LINGER, farewell).await;
    }
}

/// The future goes first: mostly it is ready at once, and then nothing else is touched.
async fn or_end<T>(end: &mut BoxFuture<'static, Close>, future: impl Future<Output = T>) -> Result<T, End> {
    tokio::select! {
        biased;
        done = future => Ok(done),
        close = end => Err(End::Close(close)),
    }
}
