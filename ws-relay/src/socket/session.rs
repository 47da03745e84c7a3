//! The life of one socket, in one task.

use crate::app::App;
use crate::http::meter::Meter;
use crate::live::subscriber::{Delivery, Generation, Queue, SocketId, Subscriber, subscriber};
use crate::metrics::CloseLabel;
use crate::or_never::or_never;
use crate::socket::connection::{Connection, End};
use crate::socket::departure::try_again;
use crate::socket::memberships::Memberships;
use crate::socket::subscription::{Step, Subscription};
use crate::socket::token_bucket::TokenBucket;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::future::BoxFuture;
use messaging_core::auth::Caller;
use messaging_core::event::{Openness, Seq};
use messaging_core::ids::ChannelId;
use messaging_core::socket::{
    CLIENT_MESSAGE_BURST, CLIENT_MESSAGES_PER_SECOND, CLIENT_WISH_BURST, CLIENT_WISHES_PER_SECOND, ClientCommand,
    CloseCode, Notice, PING, PONG, Unsubscribe, with_retry_after,
};
use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// The pause between two looks at the client's silence. Every second time the client is pinged.
const TICK: Duration = Duration::from_secs(15);
/// A client that says nothing for this long is gone.
const SILENCE: Duration = Duration::from_secs(75);
/// The queue of a socket for many channels is this many times as long: events of several come at the same time.
const MANY: usize = 16;
/// And may hold this many times as many bytes.
const MANY_BYTES: usize = 4;
/// Frames that are written together at most.
const BURST: usize = 64;
/// What waits for a socket when the relay stops has this long to be sent.
const LAST_FRAMES: Duration = Duration::from_secs(2);

/// Who opened a socket.
pub struct Identity {
    /// The caller; `None` for an anonymous client, which development mode allows.
    pub caller: Option<Caller>,
    /// Until when the token is accepted, in Unix seconds.
    pub expires_at: Option<u64>,
}

/// What a socket is for.
#[derive(Debug, Clone, Copy)]
pub enum Purpose {
    /// One channel, which the caller may read and which stood at `head` when that was decided.
    One {
        /// The channel.
        channel: ChannelId,
        /// Its last number then.
        head: Seq,
        /// What that was decided by.
        openness: Openness,
        /// From behind which number the caller wants its events.
        since: Option<Seq>,
    },
    /// The channels that the client subscribes to.
    Many,
}

/// One socket.
pub struct Session {
    pub(super) app: Arc<App>,
    pub(super) connection: Connection,
    pub(super) caller: Option<Caller>,
    pub(super) many: bool,
    pub(super) subscriber: Subscriber,
    queue: Queue,
    /// The channels whose events the socket gets, or gets as soon as it has caught up.
    pub(super) subscriptions: HashMap<ChannelId, Subscription>,
    /// The channel that is being caught up with, and what it waits for. One channel at a time.
    pub(super) catching: Option<ChannelId>,
    pub(super) step: Option<BoxFuture<'static, Step>>,
    /// The channels whose turn comes then, and the number from behind which each one is wanted.
    pub(super) waiting: VecDeque<(ChannelId, Option<Seq>)>,
    /// When the client last said something.
    heard: Instant,
    messages: TokenBucket,
    /// The channels that the client names, in however many messages.
    wishes: TokenBucket,
    pub(super) memberships: Memberships,
}

/// Serves a socket until it ends.
pub async fn serve(app: Arc<App>, socket: WebSocket, meter: Meter, identity: Identity, purpose: Purpose) {
    app.metrics.sockets_open.inc();
    app.metrics.sockets_opened.inc();
    let many = matches!(purpose, Purpose::Many);
    let (size, bytes) = match many {
        true => (app.queue.saturating_mul(MANY), app.queue_bytes.saturating_mul(MANY_BYTES)),
        false => (app.queue, app.queue_bytes),
    };
    let socket_id = SocketId::next();
    let (subscriber, queue, cut) = subscriber(socket_id, size, bytes);
    let leaving = app.clone();
    let end = async move {
        tokio::select! {
            close = cut.wait() => close,
            () = leaving.departure.turn(socket_id) => CloseCode::GoingAway,
            () = token_end(identity.expires_at) => CloseCode::TokenEnded,
        }
    };
    let now = Instant::now();
    let mut session = Session {
        connection: Connection::new(socket, meter, Box::pin(end)),
        caller: identity.caller,
        many,
        subscriber,
        queue,
        subscriptions: HashMap::new(),
        catching: None,
        step: None,
        waiting: VecDeque::new(),
        heard: now,
        messages: TokenBucket::new(CLIENT_MESSAGE_BURST, CLIENT_MESSAGES_PER_SECOND, now),
        wishes: TokenBucket::new(CLIENT_WISH_BURST, CLIENT_WISHES_PER_SECOND, now),
        memberships: Memberships::default(),
        app,
    };
    let id = session.caller.as_ref().map(|caller| caller.id().clone());
    if let Some(id) = &id {
        session.app.memberships.join(id, session.subscriber.clone());
    }
    let end = match session.run(purpose).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    if end == End::Close(CloseCode::GoingAway) {
        session.connection.outlive_the_end();
        let _ = timeout(LAST_FRAMES, session.last_deliveries()).await;
    }
    for channel in session.subscriptions.keys() {
        session.app.hub.leave(*channel, session.subscriber.socket);
    }
    if let Some(id) = &id {
        session.app.memberships.leave(id, session.subscriber.socket);
    }
    let reason = match end {
        End::Close(reason) => {
            session.app.metrics.closes.get_or_create(&CloseLabel { code: reason.code() }).inc();
            if reason == CloseCode::SlowReader {
                session.app.metrics.slow_closes.inc();
            }
            Some((reason, text(&session.app, reason, socket_id)))
        }
        End::Lost => None,
    };
    let Session { app, connection, queue, subscriber, subscriptions, .. } = session;
    // Nothing else is needed while the connection waits for the client to close it.
    drop((queue, subscriber, subscriptions));
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
async fn token_end(expires_at: Option<u64>) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    match expires_at.map(|at| at.saturating_sub(now)) {
        Some(left) if left < 365 * 24 * 3600 => sleep(Duration::from_secs(left)).await,
        _ => pending().await,
    }
}

/// A value that does not exist: a session goes on until an [`End`].
pub enum Never {}

impl Session {
    async fn run(&mut self, purpose: Purpose) -> Result<Never, End> {
        if let Purpose::One { channel, head, openness, since } = purpose {
            self.begin(channel, head, openness, since).await?;
            self.connection.flush().await?;
        }
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tick: u32 = 0;
        loop {
            tokio::select! {
                message = self.connection.next() => self.heard(message?).await?,
                delivery = self.queue.recv() => self.deliveries(delivery).await?,
                step = or_never(&mut self.step) => {
                    self.step = None;
                    self.stepped(step).await?;
                }
                _ = ticks.tick() => {
                    if self.heard.elapsed() > SILENCE {
                        return Err(End::Lost);
                    }
                    if tick % 2 == 1 {
                        self.connection.feed(Message::Ping(bytes::Bytes::new())).await?;
                    }
                    tick = tick.wrapping_add(1);
                }
            }
            self.tell_memberships().await?;
            self.connection.flush().await?;
        }
    }

    async fn deliveries(&mut self, first: Option<(Generation, Delivery)>) -> Result<(), End> {
        let mut next = first;
        for left in (0..BURST).rev() {
            let Some((generation, delivery)) = next else { break };
            if let Delivery::Membership(frame) = delivery {
                self.memberships.take(frame);
            } else if let Delivery::Personal(frame) = delivery {
                self.personal(&frame).await?;
            } else if self.is_current(&delivery, generation) {
                match delivery {
                    // They belong to no subscription.
                    Delivery::Membership(_) | Delivery::Personal(_) => {}
                    Delivery::Logged(frame) => self.deliver(&frame).await?,
                    Delivery::Ephemeral(frame) => self.say(frame.text.clone()).await?,
                    Delivery::Reload(channel, seq) => self.reload(channel, seq).await?,
                    Delivery::Gone(channel) => self.lose(channel, CloseCode::ChannelGone).await?,
                }
            }
            next = if left > 0 { self.queue.try_recv() } else { None };
        }
        Ok(())
    }

    /// Sends what waits in the queue.
    async fn last_deliveries(&mut self) -> Result<(), End> {
        while let Some(first) = self.queue.try_recv() {
            self.deliveries(Some(first)).await?;
        }
        self.connection.flush().await
    }

    async fn heard(&mut self, message: Message) -> Result<(), End> {
        let now = Instant::now();
        self.heard = now;
        if !self.messages.take(now) {
            return Err(End::Close(CloseCode::TooManyMessages));
        }
        match message {
            Message::Text(text) if text.as_str() == PING => {
                self.connection.feed(Message::Text(Utf8Bytes::from_static(PONG))).await
            }
            Message::Text(text) if self.many => {
                for command in ClientCommand::parse(&text) {
                    if !self.wishes.take(now) {
                        return Err(End::Close(CloseCode::TooManyMessages));
                    }
                    self.command(command).await?;
                }
                Ok(())
            }
            Message::Close(_) => Err(End::Lost),
            Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    async fn command(&mut self, command: ClientCommand) -> Result<(), End> {
        match command {
            ClientCommand::Subscribe(wanted) => self.subscribe(wanted.channel_id, wanted.since_seq).await,
            ClientCommand::Unsubscribe(Unsubscribe { channel_id }) => {
                self.unsubscribe(channel_id);
                self.notify(&Notice::Unsubscribed { channel_id }).await
            }
            ClientCommand::Typing(command) => {
                if let Some(caller) = self.caller.clone() {
                    self.app.typists.say(caller, command);
                }
                Ok(())
            }
            ClientCommand::Invalid { channel_id, code } => self.notify(&Notice::Error { channel_id, code }).await,
        }
    }

    /// Sends a notice behind the frames that wait to be sent.
    pub(super) async fn notify(&mut self, notice: &Notice) -> Result<(), End> {
        // Ids, numbers and texts always serialise.
        self.say(serde_json::to_string(notice).unwrap_or_default().into()).await
    }

    /// Puts a text behind those that wait to be sent.
    pub(super) async fn say(&mut self, text: Utf8Bytes) -> Result<(), End> {
        let bytes = text.len();
        self.connection.feed(Message::Text(text)).await?;
        self.app.metrics.frames_sent.inc();
        self.app.metrics.frame_bytes_sent.inc_by(u64::try_from(bytes).unwrap_or(0));
        Ok(())
    }
}
