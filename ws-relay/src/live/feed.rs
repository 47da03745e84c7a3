//! The connections to NATS on which live frames arrive.

use crate::metrics::{DropReason, Metrics};
use crate::nats::Nats;
use anyhow::Context;
use async_nats::connection::State;
use async_nats::{Client, Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// Logged frames of one channel that wait for its task at most. Beyond that they are dropped, noticed and read from the
/// log.
const LOGGED_BUFFER: usize = 4096;
/// Ephemeral frames of one channel that the client buffers at most, before the channel's own bound. Beyond that they are
/// dropped.
const EPHEMERAL_BUFFER: usize = 1024;
/// How long a first connection usually takes at most.
const PATIENCE: Duration = Duration::from_secs(2);

/// The connections, which connect again by themselves, and what happened to them.
pub struct Feed {
    /// For logged frames.
    pub client: Client,
    /// For ephemeral frames, both ways: a connection of their own, so that they neither hold up nor displace logged ones.
    pub ephemeral_client: Client,
    /// Woken when logged frames may have been lost.
    pub doubt: Arc<Notify>,
}

impl Feed {
    /// Starts to connect; returns at once.
    pub async fn start(nats: &Nats, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        let doubt = Arc::new(Notify::new());
        let ephemeral_client = ephemeral(nats, metrics.clone()).await?;
        let client = logged(nats, metrics, doubt.clone()).await?;
        tokio::spawn(say_what_is_missing(client.clone()));
        Ok(Self { client, ephemeral_client, doubt })
    }
}

/// A relay that starts before NATS waits for it, and its log says so.
async fn say_what_is_missing(client: Client) {
    sleep(PATIENCE).await;
    if client.connection_state() != State::Connected {
        tracing::warn!("waiting for NATS; until it is there, sockets get their events from the database");
    }
}

async fn logged(nats: &Nats, metrics: Arc<Metrics>, doubt: Arc<Notify>) -> anyhow::Result<Client> {
    let was_connected = Arc::new(AtomicBool::new(false));
    let callback = move |event: Event| {
        match &event {
            Event::Connected => {
                metrics.nats_connected.set(1);
                if was_connected.swap(true, Ordering::Relaxed) {
                    metrics.nats_reconnects.inc();
                }
                tracing::info!("connected to NATS");
                doubt.notify_one();
            }
            Event::Disconnected => {
                metrics.nats_connected.set(0);
                tracing::warn!("lost NATS; until it is back, sockets get their events from the database");
                doubt.notify_one();
            }
            Event::SlowConsumer(_) | Event::ServerError(_) => {
                tracing::warn!("NATS: {event}");
                doubt.notify_one();
            }
            other => tracing::debug!("NATS: {other}"),
        }
        std::future::ready(())
    };
    let options = nats.options("ws-relay live").retry_on_initial_connect().subscription_capacity(LOGGED_BUFFER);
    options.event_callback(callback).connect(nats.servers.as_slice()).await.context("NATS_URL cannot be used")
}

async fn ephemeral(nats: &Nats, metrics: Arc<Metrics>) -> anyhow::Result<Client> {
    let callback = move |event: Event| {
        match &event {
            // In a flood the client drops more than it reports.
            Event::SlowConsumer(_) => metrics.dropped(DropReason::ChannelBusy, 1),
            other => tracing::debug!("NATS, ephemeral frames: {other}"),
        }
        std::future::ready(())
    };
    let options = nats.options("ws-relay ephemeral").retry_on_initial_connect().subscription_capacity(EPHEMERAL_BUFFER);
    options.event_callback(callback).connect(nats.servers.as_slice()).await.context("NATS_URL cannot be used")
}
