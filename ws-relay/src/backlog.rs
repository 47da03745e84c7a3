//! Measures what waits in the outbox, for webhooks, what is set aside, and which limits were hit. Every relay does, because it may be the publisher that is
//! missing.

use crate::database::{Database, DatabaseError};
use crate::metrics::Metrics;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// The pause between two measurements.
const PERIOD: Duration = Duration::from_secs(5);

/// Events that wait longer than this, in seconds, do not reach the sockets through NATS.
const LAG: f64 = 3.0;

/// Runs until it is dropped. `lagging` becomes true, and `doubt` is woken, when events wait too long; `doubt` also when the
/// database was away: it may be another one now, restored from a copy.
pub async fn run(database: Database, metrics: Arc<Metrics>, lagging: Arc<AtomicBool>, doubt: Arc<Notify>) {
    let mut was_away = false;
    loop {
        let measured = measure(&database, &metrics).await;
        metrics.database_up.set(i64::from(measured.is_ok()));
        if std::mem::replace(&mut was_away, measured.is_err()) && !was_away {
            doubt.notify_one();
        }
        match measured {
            Ok(lag) => {
                if lag > LAG && !lagging.swap(true, Ordering::Relaxed) {
                    tracing::warn!("events wait for {lag:.0} s to be published; sockets get them from the database");
                    doubt.notify_one();
                } else if lag <= LAG && lagging.swap(false, Ordering::Relaxed) {
                    tracing::info!("events are published again");
                }
            }
            Err(e) => tracing::debug!("the outbox cannot be measured: {e}"),
        }
        sleep(PERIOD).await;
    }
}

/// Returns the age of the oldest event that waits, in seconds. What is set aside does not wait, and is counted by itself.
async fn measure(database: &Database, metrics: &Metrics) -> Result<f64, DatabaseError> {
    // Counted up to a limit, so that a large backlog does not get slower by being looked at.
    let sql = "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
               FROM (SELECT created_at FROM public.outbox WHERE published_at IS NULL AND set_aside_at IS NULL
                     ORDER BY id LIMIT 10000) waiting";
    let rows = database.query(sql, &[]).await?;
    let Some(row) = rows.first() else { return Ok(0.0) };
    let lag = row.try_get::<_, f64>(1)?.max(0.0);
    metrics.outbox_pending.set(row.try_get(0)?);
    metrics.outbox_lag.set(lag);
    if let Err(e) = measure_set_aside(database, metrics).await {
        tracing::debug!("what is set aside cannot be measured: {e}");
    }
    if let Err(e) = measure_webhooks(database, metrics).await {
        tracing::debug!("the queue of webhooks cannot be measured: {e}");
    }
    if let Err(e) = measure_limits(database, metrics).await {
        tracing::debug!("the limits that were hit cannot be measured: {e}");
    }
    Ok(lag)
}

async fn measure_set_aside(database: &Database, metrics: &Metrics) -> Result<(), DatabaseError> {
    let sql = "SELECT
        (SELECT count(*) FROM (SELECT FROM messaging.set_aside_events WHERE set_aside_at IS NOT NULL LIMIT 10000) e),
        (SELECT count(*) FROM (SELECT FROM public.outbox WHERE set_aside_at IS NOT NULL LIMIT 10000) o)";
    if let Some(row) = database.query(sql, &[]).await?.first() {
        metrics.set_aside_events.set(row.try_get(0)?);
        metrics.outbox_set_aside.set(row.try_get(1)?);
    }
    Ok(())
}

async fn measure_webhooks(database: &Database, metrics: &Metrics) -> Result<(), DatabaseError> {
    let sql = "SELECT (SELECT count(*) FROM (SELECT FROM messaging.webhook_deliveries LIMIT 10000) d),
                      (SELECT coalesce(sum(dropped), 0)::bigint FROM messaging.gateway_subscriptions)";
    if let Some(row) = database.query(sql, &[]).await?.first() {
        metrics.webhooks_pending.set(row.try_get(0)?);
        metrics
            .webhooks_dropped
            .inner()
            .store(u64::try_from(row.try_get::<_, i64>(1)?).unwrap_or(0), Ordering::Relaxed);
    }
    Ok(())
}

async fn measure_limits(database: &Database, metrics: &Metrics) -> Result<(), DatabaseError> {
    for row in database.query("SELECT class, scope, hits FROM messaging.rate_limit_hits", &[]).await? {
        metrics.limit_hits(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    }
    Ok(())
}
