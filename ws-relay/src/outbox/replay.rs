//! Sends again what NATS may have lost: JetStream acknowledges an event before it is safe on disk.

use super::batch;
use super::connection::NatsSession;
use super::store::{BATCH, Store};
use super::stream::Found;
use crate::metrics::Metrics;
use std::time::Duration;

/// Events published within this time before a connection to NATS ended may be lost (JetStream syncs every two
/// minutes by default). Those that are not are recognised by their `Nats-Msg-Id`.
pub const DOUBTFUL: Duration = Duration::from_secs(10 * 60);

/// Runs before anything new is published, so that events of a channel keep their order in the stream.
pub async fn run(store: &Store, nats: &NatsSession, stream: &Found, metrics: &Metrics) -> anyhow::Result<()> {
    let since = (!stream.refill).then_some(DOUBTFUL.as_secs_f64());
    let ids = store.published(since).await?;
    let mut restored = 0;
    for chunk in ids.chunks(usize::try_from(BATCH)?) {
        let outcome = batch::republish(nats, store.by_ids(chunk).await?).await;
        metrics.republished.inc_by(u64::try_from(outcome.done.len())?);
        restored += outcome.new;
        if let Some(broken) = outcome.broken {
            return Err(broken);
        }
    }
    metrics.restored.inc_by(restored);
    if restored > 0 {
        tracing::warn!("NATS had lost {restored} events of {} that were published; it has them again", ids.len());
    }
    Ok(())
}
