//! Measures what waits in the outbox. Every relay does, because the publisher may be the one that is missing.

use crate::database::{Database, DatabaseError};
use crate::metrics::Metrics;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// How often.
const PERIOD: Duration = Duration::from_secs(5);

/// Runs until it is dropped.
pub async fn run(database: Database, metrics: Arc<Metrics>) {
    loop {
        if let Err(e) = measure(&database, &metrics).await {
            tracing::debug!("the outbox cannot be measured: {e}");
        }
        sleep(PERIOD).await;
    }
}

async fn measure(database: &Database, metrics: &Metrics) -> Result<(), DatabaseError> {
    // Counted up to a limit, so that a large backlog does not get slower by being looked at.
    let sql = "SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8
               FROM (SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 10000) waiting";
    let rows = database.query(sql, &[]).await?;
    if let Some(row) = rows.first() {
        metrics.outbox_pending.set(row.try_get(0)?);
        metrics.outbox_lag.set(row.try_get::<_, f64>(1)?.max(0.0));
    }
    Ok(())
}
