//! The life of one socket, in one task.

use crate::app::App;
use crate::event::Seq;
use crate::live::outlet::{Delivery, Membership, Outlet, SocketId, outlet};
use crate::metrics::CloseLabel;
use crate::socket::close::Close;
use crate::socket::control::{self, Wish};
use crate::socket::follow::{Following, Step};
use crate::socket::inbound::Budget;
use crate::socket::notice;
use crate::socket::wire::{End, Wire};
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::future::BoxFuture;
use messaging_core::auth::Caller;
use messaging_core::ids::ChannelId;
use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// How often the peer's silence is looked at; it is pinged every second time.
const TICK: Duration = Duration::from_secs(15);
/// A peer that says nothing for this long is gone.
const SILENCE: Duration = Duration::from_secs(75);
/// How much longer the queue of a socket for many channels is than that of a socket for one: their events may well
/// come at the same time.
const MANY: usize = 16;
/// Frames that go out in one write at most.
const BURST: usize = 64;

/// Who opened a socket.
pub struct Identity {
    /// Nobody in particular, when development mode allows it.
    pub caller: Option<Caller>,
    /// When the token ends, in Unix seconds.
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
        /// From behind which number the caller wants its events.
        since: Option<Seq>,
    },
    /// Those that the client asks for.
    Many,
}

/// One socket.
pub struct Session {
    pub(super) app: Arc<App>,
    pub(super) wire: Wire,
    pub(super) caller: Option<Caller>,
    pub(super) many: bool,
    pub(super) outlet: Outlet,
    queue: Receiver<(Membership, Delivery)>,
    /// The channels whose events it gets, or soon will.
    pub(super) following: HashMap<ChannelId, Following>,
    /// The channel that is being caught up with, one after the other.
    pub(super) step: Option<BoxFuture<'static, Step>>,
    pub(super) catching: Option<ChannelId>,
    /// Those whose turn comes then.
    pub(super) waiting: VecDeque<(ChannelId, Option<Seq>)>,
    heard: Instant,
    budget: Budget,
}

/// Serves a socket until it ends.
pub async fn serve(app: Arc<App>, socket: WebSocket, identity: Identity, purpose: Purpose) {
    app.metrics.sockets_open.inc();
    let many = matches!(purpose, Purpose::Many);
    let size = if many { app.queue.saturating_mul(MANY) } else { app.queue };
    let (outlet, queue, cut) = outlet(SocketId::next(), size);
    let shutdown = app.shutdown.clone();
    let end = async move {
        tokio::select! {
            close = cut.wait() => close,
            () = shutdown.cancelled() => Close::GoingAway,
            () = token_end(identity.expires_at) => Close::TokenEnded,
        }
    };
    let now = Instant::now();
    let mut session = Session {
        wire: Wire::new(socket, Box::pin(end)),
        caller: identity.caller,
        many,
        outlet,
        queue,
        following: HashMap::new(),
        step: None,
        catching: None,
        waiting: VecDeque::new(),
        heard: now,
        budget: Budget::new(now),
        app,
    };
    let end = match session.run(purpose).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    for channel in session.following.keys() {
        session.app.hub.leave(*channel, session.outlet.socket);
    }
    let reason = match end {
        End::Close(reason) => {
            session.app.metrics.closes.get_or_create(&CloseLabel { code: reason.code() }).inc();
            if reason == Close::SlowReader {
                session.app.metrics.slow_closes.inc();
            }
            Some(reason)
        }
        End::Lost => None,
    };
    let Session { app, wire, queue, outlet, following, .. } = session;
    // Nothing of it is needed while it lingers.
    drop((queue, outlet, following));
    wire.close(reason).await;
    app.metrics.sockets_open.dec();
}

/// Waits until the token ends.
async fn token_end(expires_at: Option<u64>) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    match expires_at.map(|at| at.saturating_sub(now)) {
        Some(left) if left < 365 * 24 * 3600 => sleep(Duration::from_secs(left)).await,
        _ => pending().await,
    }
}

/// Nothing: a session only ends.
pub enum Never {}

impl Session {
    async fn run(&mut self, purpose: Purpose) -> Result<Never, End> {
        if let Purpose::One { channel, head, since } = purpose {
            self.begin(channel, head, since).await?;
            self.wire.flush().await?;
        }
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut tick: u32 = 0;
        loop {
            tokio::select! {
                message = self.wire.next() => self.heard(message?).await?,
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
                        self.wire.feed(Message::Ping(bytes::Bytes::new())).await?;
                    }
                    tick = tick.wrapping_add(1);
                }
            }
            self.wire.flush().await?;
        }
    }

    async fn deliveries(&mut self, first: Option<(Membership, Delivery)>) -> Result<(), End> {
        let mut next = first;
        for left in (0..BURST).rev() {
            let Some((membership, delivery)) = next else { break };
            if self.is_current(&delivery, membership) {
                match delivery {
                    Delivery::Event(frame) => self.deliver(&frame).await?,
                    Delivery::Reload(channel, seq) => self.reload(channel, seq).await?,
                    Delivery::Gone(channel) => self.lose(channel, Close::ChannelGone).await?,
                }
            }
            next = if left > 0 { self.queue.try_recv().ok() } else { None };
        }
        Ok(())
    }

    async fn heard(&mut self, message: Message) -> Result<(), End> {
        let now = Instant::now();
        self.heard = now;
        if !self.budget.take(now) {
            return Err(End::Close(Close::Policy));
        }
        match message {
            Message::Text(text) if text.as_str() == "ping" => {
                self.wire.feed(Message::Text(Utf8Bytes::from_static("pong"))).await
            }
            Message::Text(text) if self.many => {
                for wish in control::parse(&text) {
                    self.wish(wish).await?;
                }
                Ok(())
            }
            Message::Close(_) => Err(End::Lost),
            Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => Ok(()),
        }
    }

    async fn wish(&mut self, wish: Wish) -> Result<(), End> {
        match wish {
            Wish::Subscribe(channel, since) => self.subscribe(channel, since).await,
            Wish::Unsubscribe(channel) => {
                self.unsubscribe(channel);
                self.say(notice::unsubscribed(channel)).await
            }
            Wish::Wrong(channel, code) => self.say(notice::error(&channel, code)).await,
        }
    }

    /// Puts a text behind those that wait to be sent.
    pub(super) async fn say(&mut self, text: Utf8Bytes) -> Result<(), End> {
        self.wire.feed(Message::Text(text)).await?;
        self.app.metrics.frames_sent.inc();
        Ok(())
    }
}

async fn or_never<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}
