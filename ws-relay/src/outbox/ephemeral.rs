//! Passes ephemeral frames on: from PostgreSQL's notifications to the relays whose sockets subscribe to the channel.
//!
//! Core NATS keeps none of them. A frame that cannot go on at once is dropped.

use crate::live::frame::EphemeralFrame;
use crate::live::subject;
use crate::metrics::{DropReason, Metrics};
use async_nats::Client;
use tokio::sync::mpsc::Receiver;

/// Runs beside the publisher of events for as long as there is a connection to either side.
pub async fn run(notifications: &mut Receiver<String>, nats: &Client, metrics: &Metrics) -> anyhow::Result<()> {
    while let Some(payload) = notifications.recv().await {
        match EphemeralFrame::from_notification(&payload) {
            Ok(frame) => {
                nats.publish(subject::ephemeral(frame.channel), frame.text.into()).await?;
                metrics.ephemeral_published.inc();
            }
            Err(reason) => {
                tracing::debug!("a notification is no ephemeral frame: {reason}");
                metrics.dropped(DropReason::Invalid, 1);
            }
        }
    }
    anyhow::bail!("the database connection is lost")
}
