//! `ws-relay migrate`: brings the database to the newest schema, first the tables, then the functions.

mod fit;
mod functions;
pub mod grants;
mod layout;
mod roles;

pub use fit::{Fit, State};
pub use roles::Roles;

use crate::database::{Database, DatabaseError, Dedicated, NO_PATH, chain};
use crate::own_session;
use anyhow::{Context, bail};
use refinery_core::{Migration, Runner, Target};
use std::time::{Duration, Instant};
use tokio::time::sleep;
use tokio_postgres::Client;

/// The files of `migrations/`, as build.rs found them.
mod files {
    include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
}

/// The numbered files that were applied. In our own schema, because a platform may keep another service's history
/// under refinery's own name; with its schema, because a role may be called `messaging`, and then an unqualified
/// name means another table before the schema exists than after.
const HISTORY: &str = "messaging.schema_history";

/// The advisory lock that one migration run holds: "daarionM" as a number.
const LOCK: i64 = i64::from_be_bytes(*b"daarionM");

const RETRY: Duration = Duration::from_millis(500);

/// Applies what is missing. Waits up to `patience` for the database, and for another run to finish.
pub async fn run(database: &Database, roles: &Roles, patience: Duration) -> anyhow::Result<()> {
    let deadline = Instant::now() + patience;
    let mut connection = connect(database, deadline).await?;
    own_session::check(&connection.client, database).await.context("nothing was changed")?;
    // Tried, not waited for: a session that waits inside a statement holds back vacuum everywhere.
    let mut told = false;
    while !lock(&connection.client).await? {
        if Instant::now() > deadline {
            bail!("another migration is still running after {} s", patience.as_secs());
        }
        if !told {
            tracing::info!("another migration is running, waiting for it");
            told = true;
        }
        sleep(RETRY).await;
    }
    // The lock ends with the connection, whatever happens.
    let client = &mut connection.client;
    // A name without its schema fails here, instead of meaning one thing for one role and another for the next.
    // A long migration is not cut off by a limit that the role has for its everyday statements.
    let settings = "SET search_path = pg_catalog; SET statement_timeout = 0; SET lock_timeout = 0";
    client.batch_execute(settings).await.context("the database went away")?;
    layout::check(client).await?;
    let applied = number(client).await?;
    let made = roles::make(client, roles).await?;
    let functions = functions::bring_up_to_date(client, roles).await?;
    roles::warn_of_superuser(client).await?;
    match (applied, made || functions) {
        (0, false) => tracing::info!("the database is up to date, nothing to apply"),
        _ => tracing::info!("the database is up to date"),
    }
    Ok(())
}

/// Whether this program and the database fit: what to tell an operator, and the exit code. Changes nothing.
pub async fn check(database: &Database) -> anyhow::Result<(String, u8)> {
    let connection = connect(database, Instant::now()).await?;
    let client = &connection.client;
    client.batch_execute(NO_PATH).await.context("the database went away")?;
    layout::check(client).await?;
    let state = State::read(client).await?;
    let fit = state.fit()?;
    Ok((state.report(client, fit).await?, fit.code()))
}

async fn connect(database: &Database, deadline: Instant) -> anyhow::Result<Dedicated> {
    let mut told = false;
    loop {
        match database.connect().await {
            Ok(connection) => return Ok(connection),
            Err(DatabaseError::Statement(e)) if e.as_db_error().is_some_and(|e| !starting(e.code())) => {
                return Err(e).context("the database refused the connection");
            }
            Err(e) if Instant::now() > deadline => return Err(e).context("the database cannot be reached"),
            Err(e) => {
                if !told {
                    tracing::info!("waiting for the database: {}", chain(&e));
                    told = true;
                }
                sleep(RETRY).await;
            }
        }
    }
}

/// Whether the server says that it will be there in a moment.
fn starting(code: &tokio_postgres::error::SqlState) -> bool {
    use tokio_postgres::error::SqlState;
    [SqlState::CANNOT_CONNECT_NOW, SqlState::TOO_MANY_CONNECTIONS, SqlState::ADMIN_SHUTDOWN].contains(code)
}

async fn lock(client: &Client) -> anyhow::Result<bool> {
    let row = client.query_one("SELECT pg_catalog.pg_try_advisory_lock($1)", &[&LOCK]).await;
    Ok(row.context("the database went away")?.try_get(0)?)
}

/// Applies the numbered files that the database does not have, each in a transaction. Returns how many.
async fn number(client: &mut Client) -> anyhow::Result<usize> {
    // Not IF NOT EXISTS: that needs the right to make schemas even where there is nothing to make.
    let exists = client.query_opt("SELECT FROM pg_namespace WHERE nspname = 'messaging'", &[]).await?.is_some();
    if !exists {
        client.batch_execute("CREATE SCHEMA messaging").await.context("cannot create the schema messaging")?;
    }
    let ours = migrations()?;
    let applied = match has(client, HISTORY).await? {
        true => runner(&ours).get_applied_migrations_async(client).await.context("cannot read the history")?,
        false => Vec::new(),
    };
    let (newest, last) = (ours.last().map(Migration::version), applied.last().map(Migration::version));
    if last > newest {
        // A newer program has been here, and both run for a while: its tables serve this one, too.
        tracing::info!("the tables are those of a newer version than {}: left as they are", env!("CARGO_PKG_VERSION"));
        return Ok(0);
    }
    let mut count = 0;
    for ((file, _), migration) in files::NUMBERED.iter().zip(&ours) {
        if last.is_none_or(|last| migration.version() > last) {
            tracing::info!("applying {file}");
        }
        // One after the other, so that the line above comes before what may take long.
        let runner = runner(&ours).set_target(Target::Version(migration.version()));
        let report = runner.run_async(client).await.with_context(|| format!("migrations/{file}"))?;
        count += report.applied_migrations().len();
    }
    Ok(count)
}

/// Whether there is a table of this name.
async fn has(client: &Client, table: &str) -> Result<bool, tokio_postgres::Error> {
    client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await?.try_get(0)
}

fn runner(migrations: &[Migration]) -> Runner {
    let mut runner = Runner::new(migrations);
    runner.set_migration_table_name(HISTORY);
    runner
}

fn migrations() -> anyhow::Result<Vec<Migration>> {
    files::NUMBERED.iter().map(|(file, sql)| Ok(Migration::unapplied(&name(file)?, sql)?)).collect()
}

/// `001_create_x.sql` as refinery wants it: `V1__create_x`.
fn name(file: &str) -> anyhow::Result<String> {
    let (number, title) =
        file.strip_suffix(".sql").and_then(|file| file.split_once('_')).context("a migration's name is wrong")?;
    Ok(format!("V{}__{title}", number.parse::<u32>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_rise_by_one() {
        let versions: Vec<_> = migrations().unwrap().iter().map(Migration::version).collect();
        assert!(!versions.is_empty());
        assert!(versions.iter().zip(1..).all(|(&version, number)| version == number), "{versions:?}");
    }

    #[test]
    fn a_name_without_a_number_is_an_error() {
        assert_eq!(name("012_add_pins.sql").unwrap(), "V12__add_pins");
        assert!(name("add_pins.sql").is_err());
        assert!(name("012_add_pins.txt").is_err());
    }
}
