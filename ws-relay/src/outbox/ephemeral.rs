//! Passes ephemeral frames on: from PostgreSQL's notifications to the relays whose sockets subscribe to the channel, and
//! those for one person to the relays that have a socket of theirs.
//!
//! Nothing keeps them: a frame that cannot go on at once is dropped. They have connections of their own to PostgreSQL
//! and NATS, because on a shared one a logged event would wait behind all ephemeral frames that came before it.

use crate::database::{Database, Dedicated, NO_PATH};
use crate::live::frame::EphemeralFrame;
use crate::live::subject;
use crate::metrics::{DropReason, Metrics};
use anyhow::Context;
use async_nats::Client;
use async_nats::connection::State;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::{sleep, timeout};
use tokio_postgres::Notification;

/// Notifications that wait at most; further ones are dropped. Each has less than 8,000 bytes.
const QUEUE: usize = 1024;
/// The pause between two looks for those whose typing is over.
const TYPING: Duration = Duration::from_secs(1);
/// In so many channels at once; the next look sees the others.
const TYPING_CHANNELS: i32 = 1_000;
/// The pause before the database is listened to again.
const RETRY: Duration = Duration::from_secs(1);
const DEADLINE: Duration = Duration::from_secs(10);
/// The notifications of frames for one person.
const PERSONAL: &str = "personal";

/// The way of ephemeral frames through the relay that publishes.
pub struct Ephemeral {
    database: Database,
    nats: Client,
    metrics: Arc<Metrics>,
}

impl Ephemeral {
    /// Prepares the way from `database` to `nats`.
    pub fn new(database: &Database, nats: &Client, metrics: &Arc<Metrics>) -> Self {
        Self { database: database.clone(), nats: nats.clone(), metrics: metrics.clone() }
    }

    /// Runs until it is dropped.
    pub async fn run(self) {
        loop {
            match self.listen().await {
                Ok((connection, notifications)) => tokio::select! {
                    () = self.pass_on(notifications) => {}
                    e = end_typing(&connection) => tracing::warn!("ephemeral frames are lost: {e:#}"),
                    // Without a word from the server nothing else shows that it is gone.
                    () = connection.is_silent() => tracing::warn!("the database is silent; ephemeral frames are lost"),
                },
                Err(e) => tracing::warn!("ephemeral frames cannot be listened for: {e:#}"),
            }
            sleep(RETRY).await;
        }
    }

    /// Opens a connection that listens; the payloads come through the queue, which ends with the connection.
    async fn listen(&self) -> anyhow::Result<(Dedicated, Receiver<(bool, String)>)> {
        let (queue, notifications) = channel(QUEUE);
        let metrics = self.metrics.clone();
        let heard = move |notification: Notification| {
            let is_personal = notification.channel() == PERSONAL;
            if queue.try_send((is_personal, notification.payload().to_owned())).is_err() {
                metrics.dropped(DropReason::PublisherBusy, 1);
            }
        };
        let connection = self.database.connect_listening(heard).await.context("no database connection")?;
        let session = format!("{NO_PATH}; LISTEN ephemeral; LISTEN {PERSONAL}");
        let listening = timeout(DEADLINE, connection.client.batch_execute(&session)).await;
        listening.context("the database did not answer in time")?.context("the database refused")?;
        Ok((connection, notifications))
    }

    async fn pass_on(&self, mut notifications: Receiver<(bool, String)>) {
        while let Some((is_personal, payload)) = notifications.recv().await {
            match addressed(is_personal, &payload) {
                // The client would keep frames until NATS is back, and then they would be wrong.
                Ok(_) if self.nats.connection_state() != State::Connected => {
                    self.metrics.dropped(DropReason::PublisherBusy, 1);
                }
                Ok((subject, frame)) => match self.nats.publish(subject, frame.text.into()).await {
                    Ok(()) => {
                        self.metrics.ephemeral_published.inc();
                    }
                    Err(e) => tracing::debug!("NATS did not take an ephemeral frame: {e}"),
                },
                Err(reason) => {
                    tracing::debug!("a notification is no ephemeral frame: {reason}");
                    self.metrics.dropped(DropReason::Invalid, 1);
                }
            }
        }
    }
}

/// The frame of a notification, and the subject on which it goes to the relays.
fn addressed(is_personal: bool, payload: &str) -> Result<(String, EphemeralFrame), &'static str> {
    if is_personal {
        let (to, frame) = EphemeralFrame::for_somebody(payload)?;
        return Ok((subject::member(&to), frame));
    }
    let frame = EphemeralFrame::from_notification(payload)?;
    Ok((subject::ephemeral(frame.channel), frame))
}

/// Has it told of those who said nothing more that they stopped, until the database fails.
async fn end_typing(connection: &Dedicated) -> anyhow::Error {
    let sql = "SELECT document::text FROM messaging.end_typing(p_limit => $1)";
    loop {
        sleep(TYPING).await;
        let ended = timeout(DEADLINE, connection.client.query(sql, &[&TYPING_CHANNELS])).await;
        match ended.context("the database did not answer in time") {
            Ok(Ok(_)) => {}
            Ok(Err(e)) => return e.into(),
            Err(e) => return e,
        }
    }
}
