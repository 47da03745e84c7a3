//! How many messages search does not find yet, or by what an earlier version made of them.

use crate::database::Database;
use crate::metrics::Metrics;
use messaging_core::search::VERSION;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// The pause between two looks.
const PERIOD: Duration = Duration::from_secs(60);
/// Counted up to here, so that many of them do not get slower by being looked at.
const MOST: i32 = 10_000;

/// Keeps the metric, and says once in the log that there are some. Runs until it is dropped.
pub async fn run(database: Database, metrics: Arc<Metrics>) {
    let mut is_said = false;
    loop {
        match count(&database, MOST).await {
            Ok(count) => {
                metrics.messages_to_reindex.set(count);
                if count > 0 && !is_said {
                    let least = if count == i64::from(MOST) { "at least " } else { "" };
                    tracing::warn!("search does not find {least}{count} messages as it should: run ws-relay reindex");
                }
                is_said = true;
            }
            Err(e) => tracing::debug!("what search does not find cannot be counted: {e:#}"),
        }
        sleep(PERIOD).await;
    }
}

/// Counts them up to `most`.
pub async fn count(database: &Database, most: i32) -> anyhow::Result<i64> {
    #[derive(Deserialize)]
    struct Counted {
        count: i64,
    }
    let call = "count_messages_to_reindex(p_analysis => $1, p_limit => $2)";
    Ok(database.document::<Counted>(call, &[&i32::from(VERSION), &most]).await?.count)
}
