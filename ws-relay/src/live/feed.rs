//! The connection to NATS on which live frames arrive.

use crate::metrics::Metrics;
use crate::nats::Nats;
use anyhow::Context;
use async_nats::{Client, Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Frames of one channel that wait for its task at most. Beyond that they are dropped, noticed and read from the log.
const CHANNEL_BUFFER: usize = 4096;

/// The connection and what happened to it.
pub struct Feed {
    /// Connects, and connects again, by itself.
    pub client: Client,
    /// Woken when frames may have been lost.
    pub doubt: Arc<Notify>,
}

impl Feed {
    /// Starts to connect; returns at once.
    pub async fn start(nats: &Nats, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        let doubt = Arc::new(Notify::new());
        let was_connected = Arc::new(AtomicBool::new(false));
        let callback = {
            let doubt = doubt.clone();
            move |event: Event| {
                match &event {
                    Event::Connected => {
                        if was_connected.swap(true, Ordering::Relaxed) {
                            metrics.nats_reconnects.inc();
                        }
                        tracing::info!("connected to NATS");
                        doubt.notify_one();
                    }
                    Event::Disconnected => {
                        tracing::warn!("lost NATS; channels are followed in the database until it is back");
                        doubt.notify_one();
                    }
                    Event::SlowConsumer(_) | Event::ServerError(_) => {
                        tracing::warn!("NATS: {event}");
                        doubt.notify_one();
                    }
                    other => tracing::debug!("NATS: {other}"),
                }
                std::future::ready(())
            }
        };
        let client = nats
            .options("ws-relay live")
            .retry_on_initial_connect()
            .subscription_capacity(CHANNEL_BUFFER)
            .event_callback(callback)
            .connect(nats.servers.as_slice())
            .await
            .context("NATS_URL cannot be used")?;
        Ok(Self { client, doubt })
    }
}
