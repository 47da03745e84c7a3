//! The people who have sockets here, and what happens to their memberships, in whichever channel.
//!
//! Frames come through NATS, on a subject for each person, of which the relay takes all: a subscription for each person with a
//! socket would cost more than the socket. What was published before they had one, or is lost, is read from the outbox: a
//! moment after they came, or after the subscription, and whenever channels are reconciled.

use crate::database::{Database, DatabaseError};
use crate::live::delivery::Delivery;
use crate::live::frame::LoggedFrame;
use crate::live::log;
use crate::live::nats_subscription::{Arrival, NatsSubscription};
use crate::live::subject::{self, PersonName};
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
use uuid::Uuid;

/// When the outbox is read after the subscription was sent: NATS needs a moment until it holds in the whole cluster. For
/// those who come later the first time is enough.
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
    metrics: Arc<Metrics>,
    people: Mutex<HashMap<PersonName, Person>>,
    /// When the subscription was last sent.
    subscribed: Mutex<Option<Instant>>,
    /// For whom to read the outbox, and when.
    due: Mutex<Vec<(Instant, EntityId)>>,
    settle: Notify,
}

/// A person with sockets here.
struct Person {
    id: EntityId,
    sockets: Vec<Socket>,
    seen: VecDeque<(ChannelId, Seq, Option<Uuid>)>,
    /// When the outbox was last read, or the first socket opened.
    checked: Instant,
}

struct Socket {
    subscriber: Subscriber,
    opened: Instant,
}

impl Memberships {
    /// Has nobody yet.
    pub fn start(database: Database, nats: async_nats::Client, metrics: Arc<Metrics>) -> Arc<Self> {
        let (people, subscribed, due) = (Mutex::default(), Mutex::default(), Mutex::default());
        let memberships = Arc::new(Self { database, metrics, people, subscribed, due, settle: Notify::new() });
        tokio::spawn(memberships.clone().follow(nats));
        tokio::spawn(memberships.clone().settle());
        memberships
    }

    /// Lets a socket hear of a person's memberships.
    pub fn join(&self, id: &EntityId, subscriber: Subscriber) {
        let now = Instant::now();
        let mut people = self.lock();
        let mut is_new = false;
        let person = people.entry(PersonName::of(id)).or_insert_with(|| {
            is_new = true;
            Person { id: id.clone(), sockets: Vec::with_capacity(1), seen: VecDeque::new(), checked: now }
        });
        person.sockets.push(Socket { subscriber, opened: now });
        self.count(people.len());
        drop(people);
        if is_new {
            self.read_soon([id.clone()], now);
        }
    }

    /// Takes a socket out.
    pub fn leave(&self, id: &EntityId, socket: SocketId) {
        let (mut people, name) = (self.lock(), PersonName::of(id));
        let Some(person) = people.get_mut(&name) else { return };
        person.sockets.retain(|other| other.subscriber.socket != socket);
        if person.sockets.is_empty() {
            people.remove(&name);
        }
        self.count(people.len());
    }

    /// Reads what everybody may have missed.
    pub async fn reconcile(&self) {
        let everybody: Vec<_> = self.everybody();
        self.read(&everybody).await;
    }

    fn everybody(&self) -> Vec<EntityId> {
        self.lock().values().map(|person| person.id.clone()).collect()
    }

    /// Has the outbox read for people who are there since `now`.
    fn read_soon(&self, ids: impl IntoIterator<Item = EntityId>, now: Instant) {
        let subscribed = *self.subscribed.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = subscribed.is_some_and(|subscribed| now.duration_since(subscribed) > SETTLE[1]);
        let times = if holds { &SETTLE[..1] } else { &SETTLE[..] };
        let mut due = self.lock_due();
        for id in ids {
            due.extend(times.iter().map(|after| (now + *after, id.clone())));
        }
        drop(due);
        self.settle.notify_one();
    }

    async fn follow(self: Arc<Self>, nats: async_nats::Client) {
        let mut subscription = NatsSubscription::new(nats, subject::MEMBERS.to_owned());
        loop {
            match subscription.next().await {
                Arrival::Subscribed => {
                    let now = Instant::now();
                    *self.subscribed.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
                    self.read_soon(self.everybody(), now);
                }
                Arrival::Message(message) => self.take(message),
            }
        }
    }

    /// Takes a message about somebody, if they have a socket here.
    fn take(&self, message: Message) {
        let Some(name) = PersonName::in_subject(&message.subject) else { return };
        let Some(id) = self.lock().get(&name).map(|person| person.id.clone()) else { return };
        if message.headers.is_none() {
            return self.hand_on(name, &message);
        }
        match subject::member_frame(&id, message) {
            Some(frame) => self.deliver(&id, &Arc::new(frame), Duration::ZERO),
            None => tracing::debug!("a frame on NATS is not about the member, ignored"),
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
            ids.iter().filter_map(|id| Some((id, age(people.get(&PersonName::of(id))?)))).collect()
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
            if let Some(person) = people.get_mut(&PersonName::of(id)) {
                // Who has more than one statement reads goes on from its last event.
                person.checked = found.incomplete.get(id).and_then(|age| now.checked_sub(*age)).unwrap_or(now);
            }
        }
        Ok(())
    }

    /// Hands an event of this age to the person's sockets, unless it was there before.
    fn deliver(&self, id: &EntityId, frame: &Arc<LoggedFrame>, age: Duration) {
        let mut people = self.lock();
        let Some(person) = people.get_mut(&PersonName::of(id)) else { return };
        let event = (frame.channel, frame.seq, frame.event_id());
        if person.seen.contains(&event) {
            return;
        }
        person.seen.push_back(event);
        if person.seen.len() > SEEN {
            person.seen.pop_front();
        }
        person.sockets.retain(|socket| {
            age > socket.opened.elapsed() + BEFORE || socket.subscriber.offer(Delivery::Membership(frame.clone()))
        });
    }

    /// Hands an ephemeral frame to the person's sockets; where it would wait it is dropped.
    fn hand_on(&self, name: PersonName, message: &Message) {
        let Some(frame) = subject::personal_frame(message).map(Arc::new) else {
            return self.metrics.dropped(DropReason::Invalid, 1);
        };
        let people = self.lock();
        let sockets = people.get(&name).into_iter().flat_map(|person| &person.sockets);
        let dropped = sockets.filter(|socket| !socket.subscriber.offer_personal(frame.clone())).count();
        self.metrics.dropped(DropReason::SocketBusy, u64::try_from(dropped).unwrap_or(u64::MAX));
    }

    fn count(&self, people: usize) {
        self.metrics.people_connected.set(i64::try_from(people).unwrap_or(i64::MAX));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PersonName, Person>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_due(&self) -> MutexGuard<'_, Vec<(Instant, EntityId)>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
