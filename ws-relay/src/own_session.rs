//! Whether a connection is a session of its own, or leads through a pooler that gives each statement another one, as
//! PgBouncer does in transaction mode. There LISTEN hears nothing, a lock is somebody else's, and two relays publish.

use crate::database::Database;
use anyhow::{Context, bail};
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

/// Two connections are asked so often in turn. A pool without load gives both the same session at once; in one with load
/// others may come in between, and then each has another one after a while.
const ROUNDS: usize = 25;
/// As long as the outbox's statements have.
const DEADLINE: Duration = Duration::from_secs(30);
/// A pool in session mode may have no second session to give.
const PATIENCE: Duration = Duration::from_secs(3);

/// What an operator reads.
const SENTENCE: &str = "the database's address leads through a pooler that gives each statement another session (PgBouncer \
    in transaction or statement mode), but ws-relay listens and holds locks: give it PostgreSQL's own address, or a pool in \
    session mode";

/// Fails when the connection has no session of its own, as far as that can be seen from it and a second one.
pub async fn check(client: &Client, database: &Database) -> anyhow::Result<()> {
    let own = number(client).await?;
    let Ok(other) = database.connect().await else { return Ok(()) };
    for _ in 0..ROUNDS {
        match timeout(PATIENCE, number(&other.client)).await {
            Ok(Ok(other)) if other == own => bail!(SENTENCE),
            Ok(Ok(_)) => is_still(client, &own).await?,
            _ => return Ok(()),
        }
    }
    Ok(())
}

/// Fails when the session is another than the one with this number.
pub async fn is_still(client: &Client, number: &str) -> anyhow::Result<()> {
    match self::number(client).await? == number {
        true => Ok(()),
        false => bail!(SENTENCE),
    }
}

/// The number of the process that serves a session. In the simple protocol: what is prepared is not there in the next session.
pub async fn number(client: &Client) -> anyhow::Result<String> {
    let asked = timeout(DEADLINE, client.simple_query("SELECT pg_catalog.pg_backend_pid()")).await;
    let said = asked.context("the database did not answer in time")?.context("the database went away")?;
    let number = said.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(number.context("no row")?.to_owned())
}
