//! Reconciles the channels that have subscribers, and the people who have sockets, with the database, so that a lost frame is found even when no later one
//! shows the hole.

use crate::live::hub::Hub;
use crate::live::log;
use crate::live::memberships::Memberships;
use async_nats::connection::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::timeout;

/// The pause between two rounds while frames come through NATS.
const CALM: Duration = Duration::from_secs(30);
/// The pause while none come: then subscribers get their frames this way alone.
const ALONE: Duration = Duration::from_secs(1);
/// When to reconcile after frames may have been lost: at once, and when NATS has all subscriptions again.
const DOUBT: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];
/// Channels that one statement compares.
const BATCH: usize = 1000;

/// Runs until it is dropped. `lagging` says that events do not come through NATS although it is there.
pub async fn run(hub: Arc<Hub>, memberships: Arc<Memberships>, doubt: Arc<Notify>, lagging: Arc<AtomicBool>) {
    let mut swept = Instant::now();
    loop {
        let calm = hub.nats.connection_state() == State::Connected && !lagging.load(Ordering::Relaxed);
        let pause = if calm { CALM } else { ALONE };
        if swept.elapsed() >= CALM {
            hub.sweep();
            swept = Instant::now();
        }
        if timeout(pause, doubt.notified()).await.is_ok() {
            for wait in DOUBT {
                tokio::time::sleep(wait).await;
                reconcile(&hub, &memberships).await;
            }
        } else {
            reconcile(&hub, &memberships).await;
        }
    }
}

async fn reconcile(hub: &Hub, memberships: &Memberships) {
    hub.metrics.reconciliations.inc();
    memberships.reconcile().await;
    for batch in hub.positions().chunks(BATCH) {
        match log::differing(&hub.database, batch).await {
            Ok(differing) => differing.into_iter().for_each(|(channel, head)| hub.tell(channel, head)),
            Err(e) => {
                tracing::warn!("channels cannot be reconciled with the database: {e}");
                return;
            }
        }
    }
}
