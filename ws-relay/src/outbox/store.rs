//! The outbox's statements, on the publisher's own connection.

use crate::database::{Database, Dedicated, NO_PATH};
use crate::event::Event;
use anyhow::Context;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// A batch has at most this many rows.
const BATCH: i64 = 500;
/// One clean-up deletes at most this many rows.
pub const CLEANUP_BATCH: u64 = 1000;

/// The advisory lock of the one publisher: "daarionP" as a number.
const LOCK: i64 = i64::from_be_bytes(*b"daarionP");
/// The pause between two attempts to take the lock.
const LOCK_RETRY: Duration = Duration::from_secs(1);
const DEADLINE: Duration = Duration::from_secs(30);

/// The publisher's session with the database.
pub struct Store {
    connection: Dedicated,
    new_rows: Arc<Notify>,
}

impl Store {
    /// Connects and listens for new rows.
    pub async fn connect(database: &Database) -> anyhow::Result<Self> {
        let new_rows = Arc::new(Notify::new());
        let woken = new_rows.clone();
        let connection = database.connect_listening(move |_| woken.notify_one()).await;
        let connection = connection.context("no database connection")?;
        let store = Self { connection, new_rows };
        store.execute(NO_PATH).await?;
        store.execute("LISTEN outbox").await?;
        // When this process hangs or its machine is gone, the server ends the session and with it the lock
        // (PostgreSQL 14 and later; before that TCP's own time applies).
        if let Err(e) = store.execute("SET idle_session_timeout = '30s'").await {
            tracing::debug!("{e:#}");
        }
        Ok(store)
    }

    async fn execute(&self, sql: &str) -> anyhow::Result<()> {
        timeout(DEADLINE, self.connection.client.batch_execute(sql))
            .await
            .context("the database did not answer in time")?
            .context("the database refused")
    }

    async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> anyhow::Result<Vec<Row>> {
        let rows = timeout(DEADLINE, self.connection.client.query(sql, params)).await;
        rows.context("the database did not answer in time")?.context("the outbox cannot be read")
    }

    async fn change(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> anyhow::Result<u64> {
        let changed = timeout(DEADLINE, self.connection.client.execute(sql, params)).await;
        changed.context("the database did not answer in time")?.context("the outbox cannot be changed")
    }

    async fn events(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> anyhow::Result<Vec<Event>> {
        let rows = self.query(sql, params).await?;
        rows.iter().map(Event::from_row).collect::<Result<_, _>>().context("the outbox has other columns")
    }

    /// Waits until this session is the publisher. The lock ends with the connection.
    pub async fn lock(&self) -> anyhow::Result<()> {
        loop {
            let rows = self.query("SELECT pg_try_advisory_lock($1)", &[&LOCK]).await?;
            if rows.first().context("no row")?.try_get(0)? {
                return Ok(());
            }
            sleep(LOCK_RETRY).await;
        }
    }

    /// Waits until the connection has ended.
    pub async fn lost(&self) {
        self.connection.lost.cancelled().await;
    }

    /// Waits until there may be new rows.
    pub async fn notified(&self) {
        self.new_rows.notified().await;
    }

    /// The first rows that wait, in the order of their ids. Ids of different channels may be committed out of
    /// order, so nothing but `published_at` says what waits.
    pub async fn unpublished(&self, held: &[Uuid]) -> anyhow::Result<Vec<Event>> {
        let sql = format!(
            "SELECT {} FROM public.outbox o WHERE o.published_at IS NULL AND o.channel_id <> ALL ($1)
             ORDER BY o.id LIMIT {BATCH}",
            Event::COLUMNS
        );
        self.events(&sql, &[&held]).await
    }

    /// Marks rows as published.
    pub async fn mark(&self, ids: &[i64]) -> anyhow::Result<u64> {
        if ids.is_empty() {
            return Ok(0);
        }
        let sql = "UPDATE public.outbox SET published_at = now() WHERE id = ANY ($1) AND published_at IS NULL";
        self.change(sql, &[&ids]).await
    }

    /// The time `seconds` ago, in seconds since 1970 by the database's clock.
    pub async fn ago(&self, seconds: f64) -> anyhow::Result<f64> {
        let sql = "SELECT extract(epoch FROM now() - make_interval(secs => $1))::float8";
        let rows = self.query(sql, &[&seconds]).await?;
        Ok(rows.first().context("no row")?.try_get(0)?)
    }

    /// The first id of the events that were published after `since`, in seconds since 1970.
    pub async fn first_published(&self, since: f64) -> anyhow::Result<Option<i64>> {
        let sql = "SELECT min(id) FROM public.outbox WHERE published_at > to_timestamp($1)";
        let rows = self.query(sql, &[&since]).await?;
        Ok(rows.first().context("no row")?.try_get(0)?)
    }

    /// The stream's events from `id` on that were published after `since`, as many as fit into a batch.
    pub async fn published(&self, id: i64, since: f64) -> anyhow::Result<Vec<Event>> {
        let sql = format!(
            "SELECT {} FROM public.outbox o WHERE o.id >= $1 AND o.published_at > to_timestamp($2)
             AND o.subject LIKE 'messaging.%' ORDER BY o.id LIMIT {BATCH}",
            Event::COLUMNS
        );
        self.events(&sql, &[&id, &since]).await
    }

    /// Deletes rows that were published more than a day ago, at most [`CLEANUP_BATCH`]. The oldest of a channel
    /// go first, so what is left of it has no hole.
    pub async fn delete_old(&self) -> anyhow::Result<u64> {
        let sql = format!(
            "DELETE FROM public.outbox WHERE id IN (
                 SELECT id FROM public.outbox WHERE published_at < now() - interval '1 day'
                 ORDER BY published_at, id LIMIT {CLEANUP_BATCH})"
        );
        self.change(&sql, &[]).await
    }

    /// Deletes other rows that have had their time, at most [`CLEANUP_BATCH`] of each kind. A database that has not been
    /// migrated yet does not know how.
    pub async fn delete_old_rows(&self) -> anyhow::Result<()> {
        let exists = "SELECT to_regproc('messaging.delete_old_rows') IS NOT NULL";
        if self.query(exists, &[]).await?.first().context("no row")?.try_get(0)? {
            let sql = format!("SELECT FROM messaging.delete_old_rows(p_limit => {CLEANUP_BATCH})");
            self.query(&sql, &[]).await?;
        }
        Ok(())
    }
}
