//! The people who have sockets here, and what happens to their memberships, in whichever channel.
//!
//! Frames come through NATS, on a subject for each person. What was published before a subscription held, or is lost,
//! is read from the outbox: a moment after the subscription, and whenever channels are reconciled.

use crate::database::{Database, DatabaseError};
use crate::live::delivery::Delivery;
use crate::live::frame::LoggedFrame;
use crate::live::log;
use crate::live::nats_subscription::{Arrival, NatsSubscription};
use crate::live::subject;
use crate::live::subscriber::{SocketId, Subscriber};
use crate::metrics::{DropReason, Metrics};
use crate::sparingly::Sparingly;
use async_nats::Message;
use messaging_core::event::Seq;
use messaging_core::ids::{ChannelId, EntityId};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// When the outbox is read after the subscription was sent: NATS needs a moment until it holds in the whole cluster.
const SETTLE: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// How long people wait for others, so that one statement reads for many.
const TOGETHER: Duration = Duration::from_millis(50);
/// People for whom one statement reads.
const BATCH: usize = 1000;
/// An event carries the time at which its statement began, which may be this long before others could see it.
const LATE: Duration = Duration::from_secs(10);
/// What happened this long before a socket was opened may have been under way then, and comes to it.
const BEFORE: Duration = Duration::from_secs(2);
/// Events that are remembered for each person, so that they come once by whichever way.
const SEEN: usize = 1024;

static FAILED: Sparingly = Sparingly::new();

/// All people with sockets. Locks are held for a look-up, never over an await.
pub struct Memberships {
    database: Database,
    nats: async_nats::Client,
    metrics: Arc<Metrics>,
    people: Mutex<HashMap<EntityId, Person>>,
    /// For whom to read the outbox, and when.
    due: Mutex<Vec<(Instant, EntityId)>>,
    settle: Notify,
}

/// A person with sockets here.
struct Person {
    sockets: HashMap<SocketId, Socket>,
    seen: VecDeque<(ChannelId, Seq, Option<Uuid>)>,
    /// When the outbox was last read, or the first socket opened.
    checked: Instant,
    _task: AbortOnDropHandle<()>,
}

struct Socket {
    subscriber: Subscriber,
    opened: Instant,
}

impl Memberships {
    /// Has nobody yet; what is due is read as long as the result lives.
    pub fn start(database: Database, nats: async_nats::Client, metrics: Arc<Metrics>) -> Arc<Self> {
        let (people, due, settle) = (Mutex::default(), Mutex::default(), Notify::new());
        let memberships = Arc::new(Self { database, nats, metrics, people, due, settle });
        tokio::spawn(memberships.clone().settle());
        memberships
    }

    /// Lets a socket hear of a person's memberships.
    pub fn join(self: &Arc<Self>, id: &EntityId, subscriber: Subscriber) {
        let now = Instant::now();
        let mut people = self.lock();
        let person = people.entry(id.clone()).or_insert_with(|| Person {
            sockets: HashMap::new(),
            seen: VecDeque::new(),
            checked: now,
            _task: AbortOnDropHandle::new(tokio::spawn(self.clone().follow(id.clone()))),
        });
        person.sockets.insert(subscriber.socket, Socket { subscriber, opened: now });
        self.count(people.len());
    }

    /// Takes a socket out.
    pub fn leave(&self, id: &EntityId, socket: SocketId) {
        let mut people = self.lock();
        let Some(person) = people.get_mut(id) else { return };
        person.sockets.remove(&socket);
        if person.sockets.is_empty() {
            people.remove(id);
        }
        self.count(people.len());
    }

    /// Reads what everybody may have missed.
    pub async fn reconcile(&self) {
        let everybody: Vec<_> = self.lock().keys().cloned().collect();
        self.read(&everybody).await;
    }

    async fn follow(self: Arc<Self>, id: EntityId) {
        let mut subscription = NatsSubscription::new(self.nats.clone(), subject::member(&id));
        loop {
            match subscription.next().await {
                Arrival::Subscribed => {
                    let now = Instant::now();
                    self.lock_due().extend(SETTLE.map(|after| (now + after, id.clone())));
                    self.settle.notify_one();
                }
                Arrival::Message(message) if message.headers.is_none() => self.hand_on(&id, &message),
                Arrival::Message(message) => match subject::member_frame(&id, message) {
                    Some(frame) => self.deliver(&id, &Arc::new(frame), Duration::ZERO),
                    None => tracing::debug!("a frame on NATS is not about the member, ignored"),
                },
            }
        }
    }

    /// Reads for those who are due.
    async fn settle(self: Arc<Self>) {
        loop {
            self.settle.notified().await;
            while !self.lock_due().is_empty() {
                sleep(TOGETHER).await;
                let now = Instant::now();
                let due: Vec<_> = self.lock_due().extract_if(.., |(at, _)| *at <= now).map(|(_, id)| id).collect();
                self.read(&due).await;
            }
        }
    }

    async fn read(&self, ids: &[EntityId]) {
        for batch in ids.chunks(BATCH) {
            if let Err(e) = self.read_batch(batch).await {
                if let Some(left_out) = FAILED.permit() {
                    tracing::warn!(left_out, "memberships cannot be read: {e}");
                }
                return;
            }
        }
    }

    async fn read_batch(&self, ids: &[EntityId]) -> Result<(), DatabaseError> {
        let now = Instant::now();
        let since: Vec<_> = {
            let people = self.lock();
            let age = |person: &Person| now.duration_since(person.checked) + LATE;
            ids.iter().filter_map(|id| Some((id, age(people.get(id)?)))).collect()
        };
        if since.is_empty() {
            return Ok(());
        }
        let found = log::memberships(&self.database, &since).await?;
        for (id, frame, age) in &found.frames {
            self.deliver(id, frame, *age);
        }
        let mut people = self.lock();
        for (id, _) in since {
            if let Some(person) = people.get_mut(id) {
                // Who has more than one statement reads goes on from its last event.
                person.checked = found.incomplete.get(id).and_then(|age| now.checked_sub(*age)).unwrap_or(now);
            }
        }
        Ok(())
    }

    /// Hands an event of this age to the person's sockets, unless it was there before.
    fn deliver(&self, id: &EntityId, frame: &Arc<LoggedFrame>, age: Duration) {
        let mut people = self.lock();
        let Some(person) = people.get_mut(id) else { return };
        let event = (frame.channel, frame.seq, frame.event_id());
        if person.seen.contains(&event) {
            return;
        }
        person.seen.push_back(event);
        if person.seen.len() > SEEN {
            person.seen.pop_front();
        }
        person.sockets.retain(|_, socket| {
            age > socket.opened.elapsed() + BEFORE || socket.subscriber.offer(Delivery::Membership(frame.clone()))
        });
    }

    /// Hands an ephemeral frame to the person's sockets; where it would wait it is dropped.
    fn hand_on(&self, id: &EntityId, message: &Message) {
        let Some(frame) = subject::personal_frame(message).map(Arc::new) else {
            return self.metrics.dropped(DropReason::Invalid, 1);
        };
        let people = self.lock();
        let sockets = people.get(id).into_iter().flat_map(|person| person.sockets.values());
        let dropped = sockets.filter(|socket| !socket.subscriber.offer_personal(frame.clone())).count();
        self.metrics.dropped(DropReason::SocketBusy, u64::try_from(dropped).unwrap_or(u64::MAX));
    }

    fn count(&self, people: usize) {
        self.metrics.people_connected.set(i64::try_from(people).unwrap_or(i64::MAX));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<EntityId, Person>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_due(&self) -> MutexGuard<'_, Vec<(Instant, EntityId)>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
