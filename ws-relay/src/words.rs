//! Has the index learn the words of new messages, from which a search suggests others for those that are misspelt.

use crate::database::Database;
use anyhow::Context;
use std::time::Duration;
use tokio::time::sleep;

/// The pause when all words are learnt.
const PERIOD: Duration = Duration::from_secs(60);
/// Between two statements of which the first has left some.
const PAUSE: Duration = Duration::from_millis(500);
/// How many words a statement takes, and those of one message more: it works for a second at most.
const MOST: i32 = 20_000;

/// Runs until it is dropped. Of several relays one at a time does it.
pub async fn run(database: Database) {
    loop {
        let has_more = learn(&database).await.unwrap_or_else(|e| {
            tracing::warn!("new words are not learnt for now: {e:#}");
            false
        });
        sleep(if has_more { PAUSE } else { PERIOD }).await;
    }
}

/// Whether some are left. A database that has not been migrated yet does not know how.
async fn learn(database: &Database) -> anyhow::Result<bool> {
    let exists = "SELECT to_regproc('messaging.learn_words') IS NOT NULL";
    if !database.query(exists, &[]).await?.first().context("no row")?.try_get::<_, bool>(0)? {
        return Ok(false);
    }
    let sql = "SELECT (document ->> 'has_more')::boolean FROM messaging.learn_words(p_limit => $1)";
    Ok(database.query(sql, &[&MOST]).await?.first().context("no row")?.try_get(0)?)
}
