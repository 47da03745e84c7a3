//! A NATS connection that ends instead of reconnecting.
//!
//! What waits for its acknowledgement when a connection breaks must not be sent on the next one before the events
//! that NATS has lost with the connection: then they would be in the stream in the wrong order.

use crate::nats::Nats;
use anyhow::Context;
use async_nats::jetstream::{self, context::ContextBuilder};
use async_nats::{Client, Event};
use messaging_core::advisory::{ADVISORIES, Advisory};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The longest wait for an acknowledgement or a response of JetStream.
const DEADLINE: Duration = Duration::from_secs(5);

/// One connection, from its start to its end.
pub struct NatsSession {
    /// For subjects outside the stream.
    pub client: Client,
    /// For the stream.
    pub jetstream: jetstream::Context,
    /// Cancelled when the connection has ended.
    pub lost: CancellationToken,
    last_place: AtomicU64,
    /// Dropped with the session: then the library's reconnect, which waits for it, finds the client unused and ends.
    _ended: DropGuard,
}

impl NatsSession {
    /// Connects once.
    pub async fn connect(nats: &Nats) -> anyhow::Result<Self> {
        let lost = CancellationToken::new();
        let ended = CancellationToken::new();
        let first = Arc::new(AtomicBool::new(true));
        let client = nats
            .options("ws-relay publisher")
            .max_reconnects(1)
            .event_callback({
                let lost = lost.clone();
                move |event| {
                    match event {
                        Event::Disconnected | Event::Closed => lost.cancel(),
                        Event::ServerError(e) => tracing::warn!("NATS: {e}"),
                        _ => {}
                    }
                    std::future::ready(())
                }
            })
            .reconnect_to_server_callback({
                let ended = ended.clone();
                move |_, _| {
                    let (ended, first) = (ended.clone(), first.swap(false, Ordering::Relaxed));
                    async move {
                        if !first {
                            ended.cancelled().await;
                        }
                        None
                    }
                }
            })
            .connect(nats.servers.as_slice())
            .await
            .context("NATS cannot be reached")?;
        let jetstream = ContextBuilder::new().timeout(DEADLINE).build(client.clone());
        Ok(Self { client, jetstream, lost, last_place: AtomicU64::new(0), _ended: ended.drop_guard() })
    }

    /// The last place of the stream, as far as this session has seen. Others may have published since.
    pub fn last_place(&self) -> u64 {
        self.last_place.load(Ordering::Relaxed)
    }

    /// Notes that the stream has a message at this place.
    pub fn saw_place(&self, place: u64) {
        self.last_place.fetch_max(place, Ordering::Relaxed);
    }

    /// Tells those who listen at the moment. What they miss the events' own headers say, too.
    pub async fn advise(&self, advisory: &Advisory) {
        let told = match serde_json::to_vec(advisory) {
            Ok(body) => self.client.publish(ADVISORIES, body.into()).await.map_err(anyhow::Error::from),
            Err(e) => Err(e.into()),
        };
        if let Err(e) = told {
            tracing::warn!("nobody is told of {advisory:?}: {e:#}");
        }
    }
}
