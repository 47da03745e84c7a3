//! What clients say of their typing on their sockets: to the database, which decides and tells the channel's sockets, and
//! through the app to the homeserver.
//!
//! All of it may be lost: what does not fit into a queue is dropped, and what fails is not tried again.

use crate::database::Database;
use crate::rooms::Messaging;
use crate::sparingly::Sparingly;
use messaging_core::auth::{Caller, MicroDaos};
use messaging_core::ids::EntityId;
use messaging_core::socket::TypingCommand;
use serde::Deserialize;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
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
        let calls = Arc::new(Semaphore::new(CALLS));
        let start = |_| {
            let (sender, said) = channel(WAITING);
            tokio::spawn(run(database.clone(), said, messaging.cloned(), calls.clone()));
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

async fn run(database: Database, mut said: Receiver<Said>, messaging: Option<Arc<Messaging>>, calls: Arc<Semaphore>) {
    while let Some(Said { caller, command }) = said.recv().await {
        match set(&database, &caller, command).await {
            Ok(false) => {}
            Ok(true) => {
                let free = calls.clone().try_acquire_owned();
                if let (Some(messaging), Ok(permit)) = (messaging.clone(), free) {
                    let typist: EntityId = caller.id().clone();
                    tokio::spawn(async move {
                        if let Err(e) = messaging.tell_typing(command.channel_id.0, &typist).await {
                            failed(&e);
                        }
                        drop(permit);
                    });
                }
            }
            Err(e) => failed(&e),
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
