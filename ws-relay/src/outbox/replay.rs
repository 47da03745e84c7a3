//! Sends again what NATS may have lost: JetStream acknowledges an event before it is safe on disk.

use super::batch;
use super::nats_session::NatsSession;
use super::store::Store;
use super::stream::Found;
use crate::metrics::Metrics;
use std::time::Duration;

/// Events published within this time before a connection to NATS ended may be lost (JetStream syncs every two
/// minutes by default). The stream recognises those that it has by their `Nats-Msg-Id`.
pub const DOUBTFUL: Duration = Duration::from_secs(10 * 60);

/// Runs before anything new is published, so that events of a channel keep their order in the stream.
pub async fn run(store: &Store, nats: &NatsSession, stream: &Found, metrics: &Metrics) -> anyhow::Result<()> {
    let since = if stream.refill { 0.0 } else { store.ago(DOUBTFUL.as_secs_f64()).await? };
    let mut next = store.first_published(since).await?;
    let (mut sent, mut restored) = (0, 0);
    while let Some(id) = next {
        let events = store.published(id, since).await?;
        next = events.last().map(|event| event.id + 1);
        let outcome = batch::republish(nats, events).await;
        sent += u64::try_from(outcome.done.len())?;
        restored += outcome.new;
        metrics.republished.inc_by(u64::try_from(outcome.done.len())?);
        metrics.restored.inc_by(outcome.new);
        if let Some(broken) = outcome.broken {
            return Err(broken);
        }
    }
    if restored > 0 {
        tracing::warn!("NATS had lost {restored} of {sent} published events; it has them again");
    }
    Ok(())
}
