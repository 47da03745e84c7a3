//! What clients say of their typing on their sockets: to the database, which decides and tells the channel's sockets, and
//! through the app to the homeserver.
//!
//! All of it may be lost: what does not fit into a queue is dropped, and what fails is not tried again.

use crate::database::Database;
use crate::rooms::Messaging;
use crate::sparingly::Sparingly;
use messaging_core::auth::{Caller, MicroDaos};
use messaging_core::ids::{ChannelId, EntityId};
use messaging_core::socket::TypingCommand;
use serde::Deserialize;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Statements at a time. What one caller says goes one after the other.
const PARALLEL: usize = 2;
/// What waits for one of them at most.
const WAITING: usize = 512;
/// Calls of the app at a time.
const CALLS: usize = 16;

static FAILED: Sparingly = Sparingly::new();

struct Said {
    caller: Caller,
    command: TypingCommand,
}

/// Takes what clients say. Cheap to clone.
#[derive(Clone)]
pub struct Typists(Vec<Sender<Said>>);

impl Typists {
    /// Starts the tasks that pass it on; they end with the last clone. Without `messaging` the homeserver is not told.
    pub fn start(database: &Database, messaging: Option<&Arc<Messaging>>) -> Self {
        let (calls, telling) = (Arc::new(Semaphore::new(CALLS)), Telling::default());
        let start = |_| {
            let (sender, said) = channel(WAITING);
            let teller = messaging.map(|messaging| Teller {
                messaging: messaging.clone(),
                calls: calls.clone(),
                telling: telling.clone(),
            });
            tokio::spawn(run(database.clone(), said, teller));
            sender
        };
        Self((0..PARALLEL).map(start).collect())
    }

    /// The caller types, or has stopped; dropped when too much waits.
    pub fn say(&self, caller: Caller, command: TypingCommand) {
        let mut hasher = DefaultHasher::new();
        caller.id().as_str().hash(&mut hasher);
        let n = usize::try_from(hasher.finish() % PARALLEL as u64).unwrap_or_default();
        if let Some(sender) = self.0.get(n) {
            let _ = sender.try_send(Said { caller, command });
        }
    }
}

/// What the index says.
#[derive(Deserialize)]
struct Set {
    must_tell: bool,
}

/// Of whom the homeserver is being told at the moment, and whether it has to be told again after that: it is told what the
/// index has then, so two calls at once could leave it with the older of both.
#[derive(Clone, Default)]
struct Telling(Arc<Mutex<HashMap<(ChannelId, EntityId), bool>>>);

impl Telling {
    /// Whether it is to be told now; if not, whoever tells it does so once more.
    fn begin(&self, typist: &(ChannelId, EntityId)) -> bool {
        let mut typists = self.lock();
        match typists.get_mut(typist) {
            Some(again) => {
                *again = true;
                false
            }
            None => {
                typists.insert(typist.clone(), false);
                true
            }
        }
    }

    /// It is told. Whether that was asked for again meanwhile; if not, it is over.
    fn again(&self, typist: &(ChannelId, EntityId)) -> bool {
        let mut typists = self.lock();
        let again = typists.get_mut(typist).is_some_and(std::mem::take);
        if !again {
            typists.remove(typist);
        }
        again
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(ChannelId, EntityId), bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells the homeserver.
#[derive(Clone)]
struct Teller {
    messaging: Arc<Messaging>,
    calls: Arc<Semaphore>,
    telling: Telling,
}

impl Teller {
    /// Tells it in a task of its own, unless too many do.
    fn tell(&self, typist: (ChannelId, EntityId)) {
        if !self.telling.begin(&typist) {
            return;
        }
        let Ok(permit) = self.calls.clone().try_acquire_owned() else {
            while self.telling.again(&typist) {}
            return;
        };
        let Self { messaging, telling, .. } = self.clone();
        tokio::spawn(async move {
            loop {
                let (channel, member) = &typist;
                if let Err(e) = messaging.tell_typing(channel.0, member).await {
                    failed(&e);
                }
                if !telling.again(&typist) {
                    break;
                }
            }
            drop(permit);
        });
    }
}

async fn run(database: Database, mut said: Receiver<Said>, teller: Option<Teller>) {
    while let Some(Said { caller, command }) = said.recv().await {
        match (set(&database, &caller, command).await, &teller) {
            (Ok(true), Some(teller)) => teller.tell((command.channel_id, caller.id().clone())),
            (Ok(_), _) => {}
            (Err(e), _) => failed(&e),
        }
    }
}

fn failed(e: &anyhow::Error) {
    if let Some(left_out) = FAILED.permit() {
        tracing::warn!(left_out, "typing is not passed on: {e:#}");
    }
}

/// Whether the homeserver is to be told. What the caller may not say is no failure.
async fn set(database: &Database, caller: &Caller, command: TypingCommand) -> anyhow::Result<bool> {
    let microdaos: Option<Vec<&str>> = match caller.microdaos() {
        MicroDaos::Every => None,
        MicroDaos::Only(list) => Some(list.iter().map(|microdao| microdao.as_str()).collect()),
    };
    let sql = "SELECT document::text FROM messaging.set_typing(
                   p_caller => $1, p_microdaos => $2, p_channel_id => $3, p_is_typing => $4)";
    let caller = caller.id().as_str();
    let rows = database.query(sql, &[&caller, &microdaos, &command.channel_id.0, &command.typing]).await?;
    let document: Option<&str> = rows.first().map(|row| row.try_get(0)).transpose()?.flatten();
    Ok(document.map(serde_json::from_str::<Set>).transpose()?.is_some_and(|set| set.must_tell))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_while_the_homeserver_is_told_is_told_afterwards_and_once() {
        let telling = Telling::default();
        let of = |name: &str| (ChannelId(uuid::Uuid::nil()), EntityId::parse(name).unwrap());
        let (alice, bob) = (of("user:alice"), of("user:bob"));
        assert!(telling.begin(&alice) && telling.begin(&bob));
        assert!(!telling.begin(&alice) && !telling.begin(&alice));
        assert!(telling.again(&alice) && !telling.again(&alice));
        assert!(!telling.again(&bob));
        assert!(telling.lock().is_empty());
        assert!(telling.begin(&alice));
    }
}
