//! The task of one channel that has subscribers: takes frames from NATS, closes holes from the log, and hands the frames
//! to its subscribers.

use crate::database::DatabaseError;
use crate::live::batch::Batch;
use crate::live::command::{ChannelCommand, Joined};
use crate::live::delivery::Delivery;
use crate::live::ephemeral_frames::EphemeralFrames;
use crate::live::frame::{EphemeralFrame, LoggedFrame};
use crate::live::hub::{Entry, Hub, Position};
use crate::live::log::{self, Head, LogPage};
use crate::live::nats_subscription::{Arrival, NatsSubscription};
use crate::live::recent::Recent;
use crate::live::sequencer::{Asked, Sequencer};
use crate::live::subject;
use crate::live::subscriber::{SocketId, Subscriber};
use crate::metrics::DropReason;
use crate::or_never::or_never;
use async_nats::Message;
use futures_util::future::BoxFuture;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

/// The pause after a failed read of the log.
const RETRY: Duration = Duration::from_secs(1);

/// The log is read this long after the subscription was sent: NATS needs a moment until a subscription holds in the
/// whole cluster, and frames that are published before that are only in the log.
const SETTLE: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// Frames that are handed out together before the task lets the sockets send them: missed frames come all at once, and must
/// not fill the queue of a socket that keeps up.
const BURST: usize = 32;
/// No further one when their texts have so many bytes.
const BURST_BYTES: usize = 64 * 1024;

/// The outcome of a read of the log.
type LogResult = Result<Option<LogPage>, DatabaseError>;

struct Channel {
    hub: Arc<Hub>,
    id: ChannelId,
    commands: UnboundedReceiver<ChannelCommand>,
    subscribers: HashMap<SocketId, Subscriber>,
    sequencer: Sequencer,
    recent: Recent,
    /// How far the channel has come, for others to see.
    position: Arc<Mutex<Position>>,
    logged: NatsSubscription,
    ephemeral: EphemeralFrames,
    reading: Option<BoxFuture<'static, (Asked, LogResult)>>,
    /// The read is one that has time, and may still wait for its turn.
    reading_has_time: bool,
    /// When to look at the log without being told that something is missing.
    checks: Vec<Instant>,
    /// The log could not be read just now; the next check tries again.
    log_failed: bool,
}

/// Starts the task of a channel behind number `since`.
pub fn start(hub: Arc<Hub>, id: ChannelId, since: Seq) -> Entry {
    let (sender, commands) = unbounded_channel();
    let position = Arc::new(Mutex::new(Position { seq: since, frame: None }));
    let mut channel = Channel {
        logged: NatsSubscription::new(hub.nats.clone(), subject::logged(id)),
        ephemeral: EphemeralFrames::subscribe(&hub, id),
        hub,
        id,
        commands,
        subscribers: HashMap::new(),
        sequencer: Sequencer::new(since),
        recent: Recent::default(),
        position: position.clone(),
        reading: None,
        reading_has_time: false,
        checks: Vec::new(),
        log_failed: false,
    };
    tokio::spawn(async move { channel.run().await });
    Entry { commands: sender, position }
}

impl Channel {
    async fn run(&mut self) {
        loop {
            let check = self.checks.iter().min().copied();
            tokio::select! {
                // In this order: ephemeral frames wait for everything else.
                biased;
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return,
                },
                (asked, page) = or_never(&mut self.reading) => {
                    self.reading = None;
                    self.page(asked, page).await;
                }
                () = sleep_until(check.unwrap_or_else(Instant::now)), if check.is_some() => {
                    self.checks.retain(|at| Some(*at) != check);
                    self.log_failed = false;
                    self.catch_up();
                    self.check();
                }
                arrival = self.logged.next() => match arrival {
                    Arrival::Subscribed => self.checks.extend(SETTLE.map(|after| Instant::now() + after)),
                    Arrival::Message(message) => self.logged_messages(message).await,
                },
                frame = self.ephemeral.next() => self.offer(&frame),
            }
            if self.subscribers.is_empty() && self.hub.retire(self.id, || self.commands.is_empty()) {
                return;
            }
        }
    }

    fn command(&mut self, command: ChannelCommand) {
        match command {
            ChannelCommand::Join { since, subscriber, joined } => {
                let socket = subscriber.socket;
                let outcome = self.join(since, subscriber);
                // Nobody waits any more: the socket has closed meanwhile.
                if joined.send(outcome).is_err() {
                    self.subscribers.remove(&socket);
                }
            }
            ChannelCommand::Leave { socket } => {
                self.subscribers.remove(&socket);
            }
            ChannelCommand::Head(Head::At(head)) => {
                self.sequencer.saw(head);
                self.catch_up();
            }
            ChannelCommand::Head(Head::Other(head)) => self.begin_anew(head),
            ChannelCommand::Head(Head::Gone) => self.gone(),
            ChannelCommand::Sweep => self.recent.forget(std::time::Instant::now()),
        }
    }

    fn join(&mut self, since: Seq, subscriber: Subscriber) -> Joined {
        let Some(missed) = self.recent.missed(since, self.sequencer.last()) else { return Joined::Behind };
        if let Some(missed) = Batch::of(missed.cloned().collect())
            && !subscriber.offer(Delivery::Logged(Arc::new(missed)))
        {
            return Joined::Live;
        }
        self.subscribers.insert(subscriber.socket, subscriber);
        Joined::Live
    }

    /// Takes a message, and those behind it that are there already.
    async fn logged_messages(&mut self, first: Message) {
        self.logged_message(first);
        for _ in 1..BURST {
            let Some(message) = self.logged.try_next() else { break };
            self.logged_message(message);
        }
        self.hand_out().await;
        self.catch_up();
    }

    fn logged_message(&mut self, message: Message) {
        match subject::logged_frame(self.id, message) {
            // It comes again, or the number does.
            Some(frame) if frame.seq <= self.sequencer.last() => {
                if !self.recent.has(&frame) {
                    self.hub.doubt.notify_one();
                }
            }
            Some(frame) => self.sequencer.live(Arc::new(frame)),
            None => tracing::warn!(channel = %self.id, "a frame on NATS is not from a relay, ignored"),
        }
    }

    /// Hands an ephemeral frame to the subscribers that have room for it. It has no number, so nothing waits for it.
    fn offer(&self, frame: &Arc<EphemeralFrame>) {
        let taken = self.subscribers.values().filter(|subscriber| subscriber.offer_ephemeral(frame.clone())).count();
        self.hub.metrics.ephemeral_queued.inc_by(taken as u64);
        self.hub.metrics.dropped(DropReason::SocketBusy, (self.subscribers.len() - taken) as u64);
    }

    async fn page(&mut self, asked: Asked, page: LogResult) {
        match page {
            Ok(Some(page)) => {
                if let Some(lost) = self.sequencer.log(asked, page) {
                    tracing::warn!(channel = %self.id, seq = lost, "the log is shorter than what was missed; subscribers reload");
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
        if self.sequencer.behind() && (self.reading.is_none() || self.reading_has_time) && !self.log_failed {
            self.hub.metrics.resyncs.inc();
            let (database, id, asked) = (self.hub.database.clone(), self.id, self.sequencer.ask());
            self.reading = Some(Box::pin(async move { (asked, log::read(&database, id, asked.after).await) }));
            self.reading_has_time = false;
        }
    }

    /// Reads the log although nothing is known to be missing. When thousands of channels begin at once, this waits for
    /// its turn, and gives way to a read for something that is.
    fn check(&mut self) {
        if self.reading.is_none() {
            let (hub, id, asked) = (self.hub.clone(), self.id, self.sequencer.ask());
            self.reading = Some(Box::pin(async move {
                let _turn = hub.resumes.turn().await;
                (asked, log::read(&hub.database, id, asked.after).await)
            }));
            self.reading_has_time = true;
        }
    }

    async fn hand_out(&mut self) {
        while let Some(batch) = self.next_batch() {
            let last = batch.frames().last().cloned();
            self.fan_out(&Delivery::Logged(Arc::new(batch)));
            self.stands(last);
            yield_now().await;
        }
        self.stands(None);
    }

    /// The frames whose turn it is.
    fn next_batch(&mut self) -> Option<Batch> {
        let (mut frames, mut bytes) = (Vec::new(), 0usize);
        while frames.len() < BURST
            && bytes < BURST_BYTES
            && let Some(frame) = self.sequencer.next()
        {
            self.recent.push(frame.clone(), std::time::Instant::now());
            self.hub.metrics.delivered(frame.written_ms);
            bytes = bytes.saturating_add(frame.text.len());
            frames.push(frame);
        }
        Batch::of(frames)
    }

    /// Says how far the channel has come; `frame` is the last one, if there is a new one.
    fn stands(&self, frame: Option<Arc<LoggedFrame>>) {
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        if frame.is_some() || position.seq != self.sequencer.last() {
            *position = Position { seq: self.sequencer.last(), frame };
        }
    }

    /// The database was restored from a copy, in which the channel has come to `head`: what was handed out under the
    /// last numbers is not what they are now.
    fn begin_anew(&mut self, head: Seq) {
        tracing::warn!(channel = %self.id, seq = head, "the database has other events than before; subscribers reload");
        self.sequencer = Sequencer::new(head);
        self.recent.clear();
        self.reading = None;
        self.stands(None);
        self.fan_out(&Delivery::Reload(self.id, head));
        // Live frames behind that number were taken for old ones.
        self.checks.extend(SETTLE.map(|after| Instant::now() + after));
    }

    fn gone(&mut self) {
        self.fan_out(&Delivery::Gone(self.id));
        self.subscribers.clear();
    }

    fn fan_out(&mut self, delivery: &Delivery) {
        self.subscribers.retain(|_, subscriber| subscriber.offer(delivery.clone()));
    }
}
