//! The outbox's statements, on the publisher's own connection.

use super::lease::Lease;
use super::outcome::Done;
use crate::database::{Database, Dedicated, NO_PATH};
use crate::event::Event;
use crate::own_session;
use anyhow::Context;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Error, Row, Statement};
use uuid::Uuid;

/// A batch has at most this many rows.
pub const BATCH: usize = 500;
/// One clean-up deletes at most this many rows.
pub const CLEANUP_BATCH: u64 = 1000;

/// The advisory lock of the one publisher: "daarionP" as a number.
pub const LOCK: i64 = i64::from_be_bytes(*b"daarionP");
/// The pause between two attempts to take the lock.
const LOCK_RETRY: Duration = Duration::from_secs(1);
/// The pause between two signs of life. The server ends a session that gives none for 30 seconds.
const HEARTBEAT: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(30);

/// What waits is read in the order of its index, up to a batch. The planner knows the table as it is nearly always, with next to
/// nothing that waits, and would collect and sort all of it for each batch when it is much. And no statement here is worth
/// compiling.
const PLANS: &str = "SET enable_bitmapscan = off; SET jit = off";

/// The publisher's session with the database.
pub struct Store {
    connection: Dedicated,
    new_rows: Arc<Notify>,
    /// Statements by their text; there are as many as this file and its neighbours have.
    prepared: Mutex<HashMap<String, Statement>>,
    /// The number of the server's process.
    number: String,
    /// How long this session is the publisher's for certain.
    pub lease: Lease,
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
        own_session::check(&connection.client, database).await?;
        let number = own_session::number(&connection.client).await?;
        let store = Self { connection, new_rows, prepared: Mutex::default(), number, lease: Lease::new() };
        store.execute(NO_PATH).await?;
        // Statements are kept, and how many rows they go through hangs on what they are given.
        store.execute("SET plan_cache_mode = force_custom_plan").await?;
        store.execute(PLANS).await?;
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

    /// A statement that the session keeps: of each text one.
    async fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        let statements = || self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        let known = statements().get(sql).cloned();
        match known {
            Some(statement) => Ok(statement),
            None => {
                let statement = self.connection.client.prepare(sql).await?;
                statements().insert(sql.to_owned(), statement.clone());
                Ok(statement)
            }
        }
    }

    /// Runs a statement that returns rows.
    pub(super) async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> anyhow::Result<Vec<Row>> {
        let asked = Instant::now();
        let rows =
            timeout(DEADLINE, async { self.connection.client.query(&self.prepared(sql).await?, params).await }).await;
        let rows = rows.context("the database did not answer in time")?.context("the outbox cannot be read")?;
        self.lease.renew(asked);
        Ok(rows)
    }

    /// Runs a statement that changes rows, and returns how many.
    pub(super) async fn change(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> anyhow::Result<u64> {
        let asked = Instant::now();
        let changed =
            timeout(DEADLINE, async { self.connection.client.execute(&self.prepared(sql).await?, params).await }).await;
        let changed =
            changed.context("the database did not answer in time")?.context("the outbox cannot be changed")?;
        self.lease.renew(asked);
        Ok(changed)
    }

    /// Runs a statement that returns events.
    pub(super) async fn events(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> anyhow::Result<Vec<Event>> {
        let rows = self.query(sql, params).await?;
        rows.iter().map(Event::from_row).collect::<Result<_, _>>().context("the outbox has other columns")
    }

    /// Waits until this session is the publisher. The lock ends with the connection.
    pub async fn lock(&self) -> anyhow::Result<()> {
        while !self.try_lock(LOCK).await? {
            sleep(LOCK_RETRY).await;
        }
        Ok(())
    }

    /// Takes an advisory lock for this session alone; `false` when others have it.
    pub async fn try_lock(&self, lock: i64) -> anyhow::Result<bool> {
        let rows = self.query("SELECT pg_try_advisory_lock($1)", &[&lock]).await?;
        Ok(rows.first().context("no row")?.try_get(0)?)
    }

    /// Gives a lock back that this session has.
    pub async fn unlock(&self, lock: i64) -> anyhow::Result<()> {
        self.query("SELECT pg_advisory_unlock($1)", &[&lock]).await?;
        Ok(())
    }

    /// Waits until the connection has ended.
    pub async fn lost(&self) {
        self.connection.lost.cancelled().await;
    }

    /// Shows the server that this process is alive while it waits for NATS; returns when the server does not answer.
    pub async fn heartbeat(&self) -> anyhow::Error {
        loop {
            sleep(HEARTBEAT).await;
            let asked = Instant::now();
            // Its lock is another session's when this one has become another.
            match own_session::is_still(&self.connection.client, &self.number).await {
                Ok(()) => self.lease.renew(asked),
                Err(e) => return e,
            }
        }
    }

    /// Waits until there may be new rows.
    pub async fn notified(&self) {
        self.new_rows.notified().await;
    }

    /// The first rows that wait, in the order of their ids, but for those of `held` channels and those that are `under_way`.
    /// Ids of different channels may be committed out of order, so nothing but `published_at` says what waits. What is set
    /// aside does not. What one person is told with an event that has waited long may be wrong by now.
    pub async fn unpublished(&self, held: &[Uuid], under_way: &[i64]) -> anyhow::Result<Vec<Event>> {
        let sql = format!(
            "SELECT {}, CASE WHEN o.created_at > now() - interval '2 seconds' THEN o.personal END FROM public.outbox o
             WHERE o.published_at IS NULL AND o.set_aside_at IS NULL AND o.channel_id <> ALL ($1)
                 AND o.id NOT IN (SELECT unnest($2::bigint[]))
             ORDER BY o.id LIMIT {BATCH}",
            Event::COLUMNS
        );
        let rows = self.query(&sql, &[&held, &under_way]).await?;
        let event = |row: &Row| Ok(Event { personal: row.try_get(Event::WIDTH)?, ..Event::from_row(row)? });
        rows.iter().map(event).collect::<Result<_, Error>>().context("the outbox has other columns")
    }

    /// Marks rows as published, with their places in the stream; returns how many were not. They are locked in the order of
    /// their ids, as everybody does who locks several. A database that forgets this in a crash is told by the stream, so
    /// nobody waits for the disk.
    pub async fn mark(&self, done: &[Done]) -> anyhow::Result<u64> {
        if done.is_empty() {
            return Ok(0);
        }
        let (ids, places): (Vec<i64>, Vec<Option<i64>>) = done.iter().copied().unzip();
        let sql = "WITH done AS (
                       SELECT o.id, d.place, o.published_at IS NULL AS is_new
                       FROM unnest($1::bigint[], $2::bigint[]) AS d (id, place)
                       JOIN public.outbox o ON o.id = d.id ORDER BY o.id FOR NO KEY UPDATE OF o),
                   marked AS (
                       UPDATE public.outbox o SET published_at = coalesce(o.published_at, now()), set_aside_at = NULL,
                           stream_seq = done.place, personal = NULL
                       FROM done WHERE done.id = o.id)
                   SELECT count(*) FILTER (WHERE is_new), set_config('synchronous_commit', 'off', true) FROM done";
        let rows = self.query(sql, &[&ids, &places]).await?;
        Ok(u64::try_from(rows.first().context("no row")?.try_get::<_, i64>(0)?)?)
    }

    /// Sets events aside that NATS does not take. What was published before has no place in the stream any more.
    pub async fn set_aside(&self, ids: &[i64]) -> anyhow::Result<u64> {
        let sql = "WITH refused AS (SELECT id FROM public.outbox WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE)
                   UPDATE public.outbox o SET set_aside_at = now(), stream_seq = NULL, personal = NULL FROM refused WHERE refused.id = o.id";
        self.change(sql, &[&ids]).await
    }

    /// Deletes rows that were published more than a day ago, at most [`CLEANUP_BATCH`]. The oldest of a channel
    /// go first, so what is left of it has no hole. What was set aside stays for a week.
    pub async fn delete_old(&self) -> anyhow::Result<u64> {
        let sql = format!(
            "DELETE FROM public.outbox WHERE id = ANY (ARRAY(
                 SELECT id FROM public.outbox WHERE published_at < now() - interval '1 day'
                 ORDER BY published_at, id LIMIT {CLEANUP_BATCH} FOR UPDATE SKIP LOCKED))
             OR id = ANY (ARRAY(
                 SELECT id FROM public.outbox WHERE set_aside_at < now() - interval '7 days'
                 ORDER BY set_aside_at, id LIMIT {CLEANUP_BATCH} FOR UPDATE SKIP LOCKED))"
        );
        self.change(&sql, &[]).await
    }

    /// Deletes other rows that have had their time, at most [`CLEANUP_BATCH`] of each kind; returns how many, and whether
    /// channels are left to be counted. A database that has not been migrated yet does not know how.
    pub async fn delete_old_rows(&self) -> anyhow::Result<(u64, bool)> {
        let exists = "SELECT to_regproc('messaging.delete_old_rows') IS NOT NULL";
        if self.query(exists, &[]).await?.first().context("no row")?.try_get(0)? {
            let sql = format!(
                "SELECT (document ->> 'deleted')::bigint, document ->> 'must_count' IS NOT NULL
                 FROM messaging.delete_old_rows(p_limit => {CLEANUP_BATCH})"
            );
            let rows = self.query(&sql, &[]).await?;
            let row = rows.first().context("no row")?;
            return Ok((u64::try_from(row.try_get::<_, i64>(0)?)?, row.try_get(1)?));
        }
        Ok((0, false))
    }
}
