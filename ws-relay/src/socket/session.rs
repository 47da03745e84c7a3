//! The life of one socket, in one task.

use crate::app::App;
use crate::http::meter::Meter;
use crate::live::delivery::Delivery;
use crate::live::subscriber::{Generation, Queue, SocketId, Subscriber, subscriber};
use crate::or_never::or_never;
use crate::socket::connection::{Connection, End, Socket};
use crate::socket::life::token_end;
use crate::socket::memberships::Memberships;
use crate::socket::subscription::{Step, Subscription};
use crate::socket::token_bucket::TokenBucket;
use futures_util::future::BoxFuture;
use messaging_core::auth::Caller;
use messaging_core::event::{Openness, Seq};
use messaging_core::ids::ChannelId;
use messaging_core::socket::{
    CLIENT_MESSAGE_BURST, CLIENT_MESSAGES_PER_SECOND, CLIENT_WISH_BURST, CLIENT_WISHES_PER_SECOND, ClientCommand,
    CloseCode, Notice, PING, PONG, Unsubscribe,
};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::{MissedTickBehavior, interval_at};
use tungstenite::Message;

/// The pause between two looks at the client's silence, and two pings.
const TICK: Duration = Duration::from_secs(30);
/// A client that says nothing for this long is gone.
const SILENCE: Duration = Duration::from_secs(75);
/// The queue of a socket for many channels is this many times as long: events of several come at the same time.
const MANY: usize = 16;
/// And may hold this many times as many bytes.
const MANY_BYTES: usize = 4;
/// Frames that are written together at most.
const BURST: usize = 64;

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

/// A value that does not exist: a session goes on until an [`End`].
pub enum Never {}

impl Session {
    /// A session that has no channel yet.
    pub fn new(app: Arc<App>, socket: Socket, meter: Meter, identity: Identity, many: bool) -> Self {
        let (size, bytes) = match many {
            true => (app.queue.saturating_mul(MANY), app.queue_bytes.saturating_mul(MANY_BYTES)),
            false => (app.queue, app.queue_bytes),
        };
        let (subscriber, queue, cut) = subscriber(SocketId::next(), size, bytes);
        app.departure.enter(subscriber.socket, cut.clone());
        let end = async move {
            tokio::select! {
                close = cut.wait() => close,
                () = token_end(identity.expires_at) => CloseCode::TokenEnded,
            }
        };
        let now = Instant::now();
        Self {
            app,
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
        }
    }

    /// What is left when everything else is over.
    pub(super) fn into_connection(self) -> (Arc<App>, Connection) {
        (self.app, self.connection)
    }

    /// Goes on until an end.
    pub(super) async fn run(&mut self, purpose: Purpose) -> Result<Never, End> {
        if let Purpose::One { channel, head, openness, since } = purpose {
            Box::pin(self.begin(channel, head, openness, since)).await?;
            self.connection.flush().await?;
        }
        let mut ticks = interval_at(tokio::time::Instant::now() + TICK, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // What is rare has its place in memory only when it comes.
            tokio::select! {
                message = self.connection.next() => Box::pin(self.heard(message?)).await?,
                delivery = self.queue.recv() => self.deliveries(delivery).await?,
                step = or_never(&mut self.step) => {
                    self.step = None;
                    Box::pin(self.stepped(step)).await?;
                }
                _ = ticks.tick() => {
                    if self.heard.elapsed() > SILENCE {
                        return Err(End::Lost);
                    }
                    self.connection.ping()?;
                }
            }
            if self.memberships.may_be_due() {
                Box::pin(self.tell_memberships()).await?;
            }
            self.connection.flush().await?;
        }
    }

    /// Takes deliveries out of the queue, up to about [`BURST`] frames.
    async fn deliveries(&mut self, first: (Generation, Delivery)) -> Result<(), End> {
        let (mut next, mut taken) = (Some(first), 0);
        while let Some((generation, delivery)) = next {
            taken += delivery.frames();
            match delivery {
                // They belong to no subscription.
                Delivery::Membership(frame) => self.memberships.take(frame),
                Delivery::Personal(frame) => Box::pin(self.personal(&frame)).await?,
                other if !self.is_current(&other, generation) => {}
                Delivery::Logged(batch) => self.deliver_all(&batch).await?,
                Delivery::Ephemeral(frame) => self.say(&frame.text).await?,
                Delivery::Reload(channel, seq) => Box::pin(self.reload(channel, seq)).await?,
                Delivery::Gone(channel) => Box::pin(self.lose(channel, CloseCode::ChannelGone)).await?,
            }
            next = if taken < BURST { self.queue.try_recv() } else { None };
        }
        Ok(())
    }

    /// Sends what waits in the queue.
    pub(super) async fn last_deliveries(&mut self) -> Result<(), End> {
        while let Some(first) = self.queue.try_recv() {
            self.deliveries(first).await?;
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
            Message::Text(text) if text.as_str() == PING => self.connection.say(PONG).await,
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
            // The library gives whole messages, never frames.
            Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
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
        self.say(&serde_json::to_string(notice).unwrap_or_default()).await
    }

    /// Puts a text behind those that wait to be sent.
    pub(super) async fn say(&mut self, text: &str) -> Result<(), End> {
        self.count(1, text.len());
        self.connection.say(text).await
    }

    /// Counts frames that go out, and the bytes of their texts.
    pub(super) fn count(&self, frames: usize, bytes: usize) {
        self.app.metrics.frames_sent.inc_by(u64::try_from(frames).unwrap_or(0));
        self.app.metrics.frame_bytes_sent.inc_by(u64::try_from(bytes).unwrap_or(0));
    }
}
