//! Compares all followed channels with the database, so that a lost frame that no later one betrays is found, too.

use crate::live::hub::Hub;
use crate::live::log;
use async_nats::connection::State;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::timeout;

/// The pause between comparisons while NATS is there.
const CALM: Duration = Duration::from_secs(30);
/// The pause while nothing comes from there: then this is how channels are followed.
const ALONE: Duration = Duration::from_secs(1);
/// When to compare after something may have been lost: at once, and when NATS has all subscriptions again.
const DOUBT: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(2)];
/// Channels of one statement.
const BATCH: usize = 1000;

/// Runs until it is dropped. `lagging` says that events do not come through NATS although it is there.
pub async fn run(hub: Arc<Hub>, doubt: Arc<Notify>, lagging: Arc<AtomicBool>) {
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
                compare(&hub).await;
            }
        } else {
            compare(&hub).await;
        }
    }
}

async fn compare(hub: &Hub) {
    hub.metrics.audits.inc();
    for batch in hub.positions().chunks(BATCH) {
        match log::behind(&hub.database, batch).await {
            Ok(behind) => behind.into_iter().for_each(|(channel, head)| hub.tell(channel, head)),
            Err(e) => {
                tracing::warn!("followed channels cannot be compared with the database: {e}");
                return;
            }
        }
    }
}
