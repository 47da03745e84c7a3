//! The connection to NATS on which live frames arrive.

use crate::metrics::Metrics;
use anyhow::Context;
use async_nats::{Client, ConnectOptions, Event};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// NATS is asked this often whether it is still there; two missing answers end the connection.
const PING: Duration = Duration::from_secs(5);
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
    pub async fn start(url: &str, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
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
        let client = options("ws-relay live")
            .retry_on_initial_connect()
            .subscription_capacity(CHANNEL_BUFFER)
            .event_callback(callback)
            .connect(url)
            .await
            .context("NATS_URL cannot be used")?;
        Ok(Self { client, doubt })
    }
}

/// Options that every connection has.
pub fn options(name: &str) -> ConnectOptions {
    ConnectOptions::new()
        .name(name)
        .ping_interval(PING)
        .connection_timeout(Duration::from_secs(5))
        .reconnect_delay_callback(|attempt| {
            let exponent = u32::try_from(attempt.min(6)).unwrap_or(6);
            Duration::from_millis(50).saturating_mul(2u32.saturating_pow(exponent)).min(Duration::from_secs(2))
        })
}
