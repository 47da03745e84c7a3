//! The task of one followed channel: takes frames from NATS, closes holes from the log, hands them to its sockets.

use crate::database::DatabaseError;
use crate::event::Seq;
use crate::live::hub::{Entry, Hub};
use crate::live::log::{self, LogPage};
use crate::live::outlet::{Delivery, Outlet, SocketId};
use crate::live::recent::Recent;
use crate::live::sequencer::{Asked, Sequencer};
use crate::live::subject;
use async_nats::{Message, SubscribeError, Subscriber};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use messaging_core::ids::ChannelId;
use std::collections::HashMap;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, sleep_until};

/// The pause after a failed read of the log or a refused subscription.
const RETRY: Duration = Duration::from_secs(1);

/// When the log is looked at after the subscription was sent: NATS needs a moment until it counts everywhere,
/// and what was published before that is only there.
const SETTLE: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// Frames that are handed out before the sockets get a chance to send them: what was missed comes all at once,
/// and is no reason to cut a socket that keeps up.
const BURST: usize = 32;

/// What a channel's task is told.
pub enum Command {
    /// A socket that has everything up to `since` wants the rest.
    Join {
        /// The last number that it has.
        since: Seq,
        /// Its queue.
        outlet: Outlet,
        /// Whether it is in.
        reply: oneshot::Sender<Joined>,
    },
    /// A socket leaves.
    Leave {
        /// Which.
        socket: SocketId,
    },
    /// How far the channel has come in the database; `None` when it is gone.
    Head(Option<Seq>),
    /// Some time has passed.
    Sweep,
}

/// The answer to [`Command::Join`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Everything after `since` comes through the queue.
    Live,
    /// Too far behind: read the log first, then join again.
    Behind,
}

/// What a read of the log brings.
type Answer = Result<Option<LogPage>, DatabaseError>;

struct Channel {
    hub: Arc<Hub>,
    id: ChannelId,
    commands: UnboundedReceiver<Command>,
    members: HashMap<SocketId, Outlet>,
    sequencer: Sequencer,
    recent: Recent,
    /// The sequencer's position, for others to see.
    last: Arc<AtomicI64>,
    subscribing: Option<BoxFuture<'static, Result<Subscriber, SubscribeError>>>,
    subscription: Option<Subscriber>,
    reading: Option<BoxFuture<'static, (Asked, Answer)>>,
    /// When to look at the log without being told that something is missing.
    checks: Vec<Instant>,
    /// The log could not be read just now; the next check tries again.
    log_failed: bool,
}

/// Starts to follow a channel from behind number `since`.
pub fn start(hub: Arc<Hub>, id: ChannelId, since: Seq) -> Entry {
    let (sender, commands) = unbounded_channel();
    let last = Arc::new(AtomicI64::new(since));
    let mut channel = Channel {
        subscribing: Some(subscribe(&hub, id, Duration::ZERO)),
        hub,
        id,
        commands,
        members: HashMap::new(),
        sequencer: Sequencer::new(since),
        recent: Recent::default(),
        last: last.clone(),
        subscription: None,
        reading: None,
        checks: Vec::new(),
        log_failed: false,
    };
    tokio::spawn(async move { channel.run().await });
    Entry { commands: sender, last }
}

impl Channel {
    async fn run(&mut self) {
        loop {
            let check = self.checks.iter().min().copied();
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return,
                },
                result = or_never(&mut self.subscribing) => {
                    self.subscribing = None;
                    self.subscribed(result);
                }
                message = next(&mut self.subscription) => self.message(message).await,
                (asked, page) = or_never(&mut self.reading) => {
                    self.reading = None;
                    self.page(asked, page).await;
                }
                () = sleep_until(check.unwrap_or_else(Instant::now)), if check.is_some() => {
                    self.checks.retain(|at| Some(*at) != check);
                    self.log_failed = false;
                    self.read();
                }
            }
            if self.members.is_empty() && self.hub.retire(self.id, || self.commands.is_empty()) {
                return;
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Join { since, outlet, reply } => {
                let joined = self.join(since, outlet.clone());
                // Nobody waits any more: the socket has closed meanwhile.
                if reply.send(joined).is_err() {
                    self.members.remove(&outlet.socket);
                }
            }
            Command::Leave { socket } => {
                self.members.remove(&socket);
            }
            Command::Head(Some(head)) => {
                self.sequencer.saw(head);
                self.catch_up();
            }
            Command::Head(None) => self.gone(),
            Command::Sweep => self.recent.forget(std::time::Instant::now()),
        }
    }

    fn join(&mut self, since: Seq, outlet: Outlet) -> Joined {
        let Some(missed) = self.recent.missed(since, self.sequencer.last()) else { return Joined::Behind };
        for frame in missed {
            if !outlet.offer(Delivery::Event(frame.clone())) {
                return Joined::Live;
            }
        }
        self.members.insert(outlet.socket, outlet);
        Joined::Live
    }

    fn subscribed(&mut self, result: Result<Subscriber, SubscribeError>) {
        match result {
            Ok(subscription) => {
                self.subscription = Some(subscription);
                self.checks.extend(SETTLE.map(|after| Instant::now() + after));
            }
            Err(e) => {
                tracing::warn!(channel = %self.id, "NATS did not take a subscription: {e}");
                self.subscribing = Some(subscribe(&self.hub, self.id, RETRY));
            }
        }
    }

    async fn message(&mut self, message: Option<Message>) {
        let Some(message) = message else {
            // The client has closed; it does not without being told to, but then nothing must be lost either.
            self.subscription = None;
            self.subscribing = Some(subscribe(&self.hub, self.id, RETRY));
            return;
        };
        match subject::frame(self.id, message) {
            Some(frame) => self.sequencer.live(Arc::new(frame)),
            None => tracing::warn!(channel = %self.id, "a frame on NATS is not from a relay, ignored"),
        }
        self.hand_out().await;
        self.catch_up();
    }

    async fn page(&mut self, asked: Asked, page: Answer) {
        match page {
            Ok(Some(page)) => {
                if let Some(lost) = self.sequencer.log(asked, page) {
                    tracing::warn!(channel = %self.id, seq = lost, "the log is shorter than what was missed; readers reload");
                    self.recent.clear();
                    self.fan_out(&Delivery::Reload(self.id, lost));
                }
                self.hand_out().await;
                self.catch_up();
            }
            Ok(None) => self.gone(),
            Err(e) => {
                tracing::warn!(channel = %self.id, "the log cannot be read: {e}");
                self.log_failed = true;
                self.checks.push(Instant::now() + RETRY);
            }
        }
    }

    /// Reads the log when something is missing.
    fn catch_up(&mut self) {
        if self.sequencer.behind() && self.reading.is_none() && !self.log_failed {
            self.hub.metrics.resyncs.inc();
            self.read();
        }
    }

    fn read(&mut self) {
        if self.reading.is_none() {
            let (database, id, asked) = (self.hub.database.clone(), self.id, self.sequencer.ask());
            self.reading = Some(Box::pin(async move { (asked, log::read(&database, id, asked.after).await) }));
        }
    }

    async fn hand_out(&mut self) {
        let mut handed = 0usize;
        while let Some(frame) = self.sequencer.next() {
            self.recent.push(frame.clone(), std::time::Instant::now());
            self.fan_out(&Delivery::Event(frame));
            handed += 1;
            if handed.is_multiple_of(BURST) {
                yield_now().await;
            }
        }
        self.last.store(self.sequencer.last(), Ordering::Relaxed);
    }

    fn gone(&mut self) {
        self.fan_out(&Delivery::Gone(self.id));
        self.members.clear();
    }

    fn fan_out(&mut self, delivery: &Delivery) {
        self.members.retain(|_, outlet| outlet.offer(delivery.clone()));
    }
}

fn subscribe(hub: &Hub, id: ChannelId, delay: Duration) -> BoxFuture<'static, Result<Subscriber, SubscribeError>> {
    let nats = hub.nats.clone();
    Box::pin(async move {
        sleep(delay).await;
        nats.subscribe(subject::of(id)).await
    })
}

async fn or_never<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

async fn next(subscription: &mut Option<Subscriber>) -> Option<Message> {
    match subscription {
        Some(subscription) => subscription.next().await,
        None => pending().await,
    }
}
