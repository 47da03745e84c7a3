//! PostgreSQL: a pool for reading, and dedicated connections for work that takes more than one statement.

use crate::metrics::Metrics;
use crate::tls;
use anyhow::{Context, bail};
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use serde::de::DeserializeOwned;
use std::future::poll_fn;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_postgres::config::SslMode;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Notification, Row, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::sync::CancellationToken;

/// A statement has this long, and so has the wait for one of the pool's connections.
const STATEMENT_DEADLINE: Duration = Duration::from_secs(10);
const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// The pause between two small questions on a connection that listens.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A session without a path: a statement that leaves out a schema fails, whatever the role and the database are called.
pub const NO_PATH: &str = "SET search_path = pg_catalog";
/// The pool's sessions. What this side gives up on, the server gives up on, too.
const SESSION: &str = "SET search_path = pg_catalog; SET statement_timeout = '10s'";

/// Why the database did not do what it was asked for. For the log; callers are told that it is unavailable.
#[derive(Debug)]
pub enum DatabaseError {
    /// No connection was free or could be opened in time.
    Pool(deadpool_postgres::PoolError),
    /// The statement failed.
    Statement(tokio_postgres::Error),
    /// The statement did not end in time.
    Deadline,
    /// What it returned cannot be read.
    Document(serde_json::Error),
}

impl std::fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pool(e) => write!(f, "no database connection: {e}"),
            Self::Statement(e) => match e.as_db_error() {
                Some(db) => write!(f, "{db}"),
                None => write!(f, "{e}"),
            },
            Self::Document(e) => write!(f, "what the database returned cannot be read: {e}"),
            Self::Deadline => f.write_str("the database did not answer in time"),
        }
    }
}

impl std::error::Error for DatabaseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // What PostgreSQL itself says is in the message already.
            Self::Statement(e) if e.as_db_error().is_none() => e.source(),
            _ => None,
        }
    }
}

impl From<tokio_postgres::Error> for DatabaseError {
    fn from(e: tokio_postgres::Error) -> Self {
        Self::Statement(e)
    }
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

/// A connection outside the pool.
pub struct Dedicated {
    /// For statements.
    pub client: Client,
    /// Cancelled when the connection has ended.
    pub lost: CancellationToken,
}

impl Dedicated {
    /// Returns when the server does not answer a small question any more, for connections on which one mostly listens: it
    /// hangs, or the network swallows what is sent.
    pub async fn is_silent(&self) {
        loop {
            sleep(HEARTBEAT).await;
            if !matches!(timeout(STATEMENT_DEADLINE, self.client.simple_query("SELECT 1")).await, Ok(Ok(_))) {
                return;
            }
        }
    }
}

impl Database {
    /// Prepares a pool of `size` connections; connects to nothing yet.
    pub fn new(url: &str, size: usize) -> anyhow::Result<Self> {
        let mut config: Config = url.parse().context("DATABASE_URL cannot be read")?;
        // It would never be reached, and waiting for it ends in a minute without a reason.
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            bail!("DATABASE_URL names no host: postgres://user:password@host/database");
        }
        if config.get_application_name().is_none() {
            config.application_name("ws-relay");
        }
        config.connect_timeout(CONNECT_DEADLINE);
        // Notice within half a minute that the other side is gone without a word.
        config.keepalives_idle(Duration::from_secs(15)).keepalives_interval(Duration::from_secs(5));
        config.keepalives_retries(3).tcp_user_timeout(Duration::from_secs(30));
        // "prefer" would mean encryption to whoever answers; here TLS is either verified or off.
        let tls = (config.get_ssl_mode() == SslMode::Require).then(verified_tls).transpose()?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match &tls {
            Some(tls) => Manager::from_config(config.clone(), tls.clone(), recycling),
            None => Manager::from_config(config.clone(), NoTls, recycling),
        };
        let pool = Pool::builder(manager)
            .max_size(size)
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .wait_timeout(Some(STATEMENT_DEADLINE))
            .create_timeout(Some(CONNECT_DEADLINE))
            .recycle_timeout(Some(CONNECT_DEADLINE))
            .post_create(Hook::async_fn(|client, _| {
                Box::pin(async move { client.batch_execute(SESSION).await.map_err(HookError::Backend) })
            }))
            .build()?;
        Ok(Self { pool, config, tls })
    }

    /// The document of a function of the index; `call` is its name with its arguments.
    pub async fn document<T: DeserializeOwned>(
        &self,
        call: &str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<T, DatabaseError> {
        let sql = format!("SELECT coalesce(document::text, 'null') FROM messaging.{call}");
        let rows = self.query(&sql, params).await?;
        let text: &str = rows.first().map_or(Ok("null"), |row| row.try_get(0))?;
        serde_json::from_str(text).map_err(DatabaseError::Document)
    }

    /// Runs one statement that the pool's connections keep prepared.
    pub async fn query(&self, sql: &str, params: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, DatabaseError> {
        let client = self.pool.get().await.map_err(DatabaseError::Pool)?;
        let result = timeout(STATEMENT_DEADLINE, async {
            let statement = client.prepare_cached(sql).await?;
            Ok(client.query(&statement, params).await?)
        });
        match result.await {
            Ok(result) => result,
            Err(_) => {
                // Its result may still come, so nobody else may have this connection.
                drop(Object::take(client));
                Err(DatabaseError::Deadline)
            }
        }
    }

    /// Notes what the pool's connections do.
    pub fn measure(&self, metrics: &Metrics) {
        let status = self.pool.status();
        metrics.pool(status.size, status.available, status.waiting);
    }

    /// Opens a connection outside the pool.
    pub async fn connect(&self) -> Result<Dedicated, DatabaseError> {
        self.connect_listening(|_| {}).await
    }

    /// Opens a connection outside the pool. `heard` gets every notification on the channels that its session listens to;
    /// it runs on the task that reads the connection, so it must not wait.
    pub async fn connect_listening<H>(&self, heard: H) -> Result<Dedicated, DatabaseError>
    where
        H: Fn(Notification) + Send + 'static,
    {
        match &self.tls {
            Some(tls) => open(&self.config, tls.clone(), heard).await,
            None => open(&self.config, NoTls, heard).await,
        }
    }
}

async fn open<T, H>(config: &Config, tls: T, heard: H) -> Result<Dedicated, DatabaseError>
where
    H: Fn(Notification) + Send + 'static,
    T: MakeTlsConnect<Socket, Stream: Send + 'static, TlsConnect: Send>,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    // The library's own limit is for TCP alone: a server that takes the connection and then says nothing is none, either.
    let connected = timeout(CONNECT_DEADLINE, config.connect(tls)).await;
    let (client, connection) = connected.map_err(|_| DatabaseError::Deadline)??;
    let lost = CancellationToken::new();
    tokio::spawn(drive(connection, heard, lost.clone()));
    Ok(Dedicated { client, lost })
}

async fn drive<S, H>(mut connection: Connection<Socket, S>, heard: H, lost: CancellationToken)
where
    H: Fn(Notification),
    S: tokio_postgres::tls::TlsStream + Unpin,
{
    let _on_return = lost.drop_guard();
    loop {
        match poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(AsyncMessage::Notification(notification))) => heard(notification),
            Some(Ok(AsyncMessage::Notice(notice))) => tracing::debug!("{notice}"),
            Some(Ok(_)) => {}
            Some(Err(e)) => {
                tracing::debug!("a database connection ended: {e}");
                return;
            }
            None => return,
        }
    }
}

/// TLS that checks the server's certificate and name against the platform's roots.
fn verified_tls() -> anyhow::Result<MakeRustlsConnect> {
    let roots = tls::platform_roots();
    anyhow::ensure!(!roots.is_empty(), "sslmode=require, but the platform has no root certificates");
    Ok(MakeRustlsConnect::new(tls::verified_by(roots)?))
}

/// What an error says, and what it says that it came from.
pub fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_refused_and_not_waited_for() {
        for url in ["postgres://", "postgres:///messaging", "dbname=messaging"] {
            let error = Database::new(url, 1).err().unwrap().to_string();
            assert!(error.contains("DATABASE_URL names no host"), "{url}: {error}");
        }
        assert!(Database::new("postgres://127.0.0.1/messaging", 1).is_ok());
    }
}
