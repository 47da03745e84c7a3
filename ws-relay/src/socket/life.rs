//! A socket from its handshake to its end, and what its client is told then.

use crate::app::App;
use crate::http::meter::Meter;
use crate::live::subscriber::SocketId;
use crate::metrics::CloseLabel;
use crate::socket::connection::{End, Socket};
use crate::socket::departure::try_again;
use crate::socket::session::{Identity, Purpose, Session};
use messaging_core::socket::{CloseCode, with_retry_after};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::{sleep, timeout};
use tungstenite::Utf8Bytes;

/// What waits for a socket when the relay stops has this long to be sent.
const LAST_FRAMES: Duration = Duration::from_secs(2);

/// Serves a socket until it ends, and holds something as long. Ten thousand idle sockets are ten thousand of these futures:
/// what is large or rare in them has a place of its own in memory.
pub fn serve<H: Send + 'static>(
    app: Arc<App>,
    socket: Socket,
    meter: Meter,
    identity: Identity,
    purpose: Purpose,
    held: H,
) -> impl Future<Output = ()> + Send {
    app.metrics.sockets_open.inc();
    app.metrics.sockets_opened.inc();
    let many = matches!(purpose, Purpose::Many);
    let mut session = Box::new(Session::new(app, socket, meter, identity, many));
    if let Some(caller) = &session.caller {
        session.app.memberships.join(caller.id(), session.subscriber.clone());
    }
    async move {
        let end = match session.run(purpose).await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        Box::pin(leave(session, end)).await;
        drop(held);
    }
}

async fn leave(mut session: Box<Session>, end: End) {
    if end == End::Close(CloseCode::GoingAway) {
        session.connection.outlive_the_end();
        let _ = timeout(LAST_FRAMES, session.last_deliveries()).await;
    }
    let socket = session.subscriber.socket;
    session.app.departure.leave(socket);
    for channel in session.subscriptions.keys() {
        session.app.hub.leave(*channel, socket);
    }
    if let Some(caller) = &session.caller {
        session.app.memberships.leave(caller.id(), socket);
    }
    let reason = match end {
        End::Close(reason) => {
            session.app.metrics.closes.get_or_create(&CloseLabel { code: reason.code() }).inc();
            if reason == CloseCode::SlowReader {
                session.app.metrics.slow_closes.inc();
            }
            Some((reason, text(&session.app, reason, socket)))
        }
        End::Lost => None,
    };
    // Nothing else is needed while the connection waits for the client to close it.
    let (app, connection) = session.into_connection();
    connection.close(reason).await;
    app.metrics.sockets_open.dec();
}

/// The reason of a close frame, with the wait that the client is asked for.
fn text(app: &App, close: CloseCode, socket: SocketId) -> Utf8Bytes {
    match close {
        CloseCode::GoingAway => with_retry_after(close.reason(), app.departure.wait(socket)).into(),
        CloseCode::TryAgain | CloseCode::SlowReader => with_retry_after(close.reason(), try_again(socket)).into(),
        _ => Utf8Bytes::from_static(close.reason()),
    }
}

/// Waits until the token ends.
pub(super) async fn token_end(expires_at: Option<u64>) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    match expires_at.map(|at| at.saturating_sub(now)) {
        Some(left) if left < 365 * 24 * 3600 => sleep(Duration::from_secs(left)).await,
        _ => pending().await,
    }
}
