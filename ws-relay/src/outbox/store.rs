//! The outbox's statements, on the publisher's own connection.

use crate::database::{Database, Dedicated, NO_PATH};
use crate::event::Event;
use anyhow::Context;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::collections::HashMap;
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
/// The pause between two signs of life. The server ends a session that gives none for 30 seconds.
const HEARTBEAT: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(30);

/// The publisher's session with the database.
pub struct Store {
    connection: Dedicated,
    new_rows: Arc<Notify>,
}

impl Store {
    /// Connects and listens for new rows, and for those of the webhooks' queue on behalf of `webhooks_queued`.
    pub async fn connect(database: &Database, webhooks_queued: &Arc<Notify>) -> anyhow::Result<Self> {
        let new_rows = Arc::new(Notify::new());
        let (outbox, webhooks) = (new_rows.clone(), webhooks_queued.clone());
        let connection = database.connect_listening(move |notification| match notification.channel() {
            "webhooks" => webhooks.notify_one(),
            _ => outbox.notify_one(),
        });
        let connection = connection.await;
        let connection = connection.context("no database connection")?;
        let store = Self { connection, new_rows };
        store.execute(NO_PATH).await?;
        store.execute("LISTEN outbox; LISTEN webhooks").await?;
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

    /// Shows the server that this process is alive while it waits for NATS; returns when the server does not answer.
    pub async fn heartbeat(&self) -> anyhow::Error {
        loop {
            sleep(HEARTBEAT).await;
            if let Err(e) = self.query("SELECT 1", &[]).await {
                return e;
            }
        }
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

    /// Marks rows as published. They are locked in the order of their ids, as everybody does who locks several.
    pub async fn mark(&self, ids: &[i64]) -> anyhow::Result<u64> {
        if ids.is_empty() {
            return Ok(0);
        }
        let sql = "WITH waiting AS (SELECT id FROM public.outbox WHERE id = ANY ($1) AND published_at IS NULL
                                    ORDER BY id FOR NO KEY UPDATE)
                   UPDATE public.outbox o SET published_at = now() FROM waiting WHERE waiting.id = o.id";
        self.change(sql, &[&ids]).await
    }

    /// The time `seconds` ago, in seconds since 1970 by the database's clock.
    pub async fn ago(&self, seconds: f64) -> anyhow::Result<f64> {
        let sql = "SELECT extract(epoch FROM now() - make_interval(secs => $1))::float8";
        let rows = self.query(sql, &[&seconds]).await?;
        Ok(rows.first().context("no row")?.try_get(0)?)
    }

    /// The channels with events that were published between two times, in seconds since 1970, each with the number before the
    /// first of them.
    pub async fn published_channels(&self, since: f64, until: f64) -> anyhow::Result<HashMap<ChannelId, Seq>> {
        let sql = "SELECT channel_id, min(seq) - 1 FROM public.outbox WHERE published_at > to_timestamp($1)
                   AND published_at <= to_timestamp($2) AND subject LIKE 'messaging.%' GROUP BY channel_id";
        let rows = self.query(sql, &[&since, &until]).await?;
        rows.iter().map(|row| Ok((ChannelId(row.try_get(0)?), row.try_get(1)?))).collect()
    }

    /// The first channels behind `id`, in the order of their ids.
    pub async fn channels_behind(&self, id: Uuid, limit: usize) -> anyhow::Result<Vec<Uuid>> {
        let sql = "SELECT id FROM public.channels WHERE id > $1 ORDER BY id LIMIT $2";
        let rows = self.query(sql, &[&id, &i64::try_from(limit)?]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// The stream's events of these channels, each behind a number, that were published between two times, in seconds
    /// since 1970: at most `limit` of each channel.
    pub async fn published(
        &self,
        channels: &[(ChannelId, Seq)],
        since: f64,
        until: f64,
        limit: usize,
    ) -> anyhow::Result<Vec<Event>> {
        let (ids, positions): (Vec<Uuid>, Vec<Seq>) = channels.iter().map(|(channel, seq)| (channel.0, *seq)).unzip();
        let sql = format!(
            "SELECT {} FROM unnest($1::uuid[], $2::bigint[]) AS f (channel_id, seq), LATERAL (
                 SELECT * FROM public.outbox WHERE channel_id = f.channel_id AND seq > f.seq
                 AND subject LIKE 'messaging.%' AND published_at > to_timestamp($3) AND published_at <= to_timestamp($4)
                 ORDER BY seq LIMIT $5) o",
            Event::COLUMNS
        );
        self.events(&sql, &[&ids, &positions, &since, &until, &i64::try_from(limit)?]).await
    }

    /// Deletes rows that were published more than a day ago, at most [`CLEANUP_BATCH`]. The oldest of a channel
    /// go first, so what is left of it has no hole.
    pub async fn delete_old(&self) -> anyhow::Result<u64> {
        let sql = format!(
            "DELETE FROM public.outbox WHERE id IN (
                 SELECT id FROM public.outbox WHERE published_at < now() - interval '1 day'
                 ORDER BY published_at, id LIMIT {CLEANUP_BATCH} FOR UPDATE SKIP LOCKED)"
        );
        self.change(&sql, &[]).await
    }

    /// Deletes other rows that have had their time, at most [`CLEANUP_BATCH`] of each kind; returns how many. A database that
    /// has not been migrated yet does not know how.
    pub async fn delete_old_rows(&self) -> anyhow::Result<u64> {
        let exists = "SELECT to_regproc('messaging.delete_old_rows') IS NOT NULL";
        if self.query(exists, &[]).await?.first().context("no row")?.try_get(0)? {
            let sql = format!(
                "SELECT (document ->> 'deleted')::bigint FROM messaging.delete_old_rows(p_limit => {CLEANUP_BATCH})"
            );
            let deleted: i64 = self.query(&sql, &[]).await?.first().context("no row")?.try_get(0)?;
            return Ok(u64::try_from(deleted)?);
        }
        Ok(0)
    }
}
