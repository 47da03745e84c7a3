//! `ws-relay migrate`: brings the database to the newest schema.

use crate::database::{Database, Dedicated};
use anyhow::{Context, bail};
use refinery::{Migration, Runner};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Every file of `migrations/`, in order.
const MIGRATIONS: &[(&str, &str)] = &[
    ("001_create_messenger_schema.sql", include_str!("../../migrations/001_create_messenger_schema.sql")),
    ("002_add_sequence_and_outbox.sql", include_str!("../../migrations/002_add_sequence_and_outbox.sql")),
    ("003_documents_access_and_events.sql", include_str!("../../migrations/003_documents_access_and_events.sql")),
    ("004_gateway_subscriptions.sql", include_str!("../../migrations/004_gateway_subscriptions.sql")),
    ("005_channels.sql", include_str!("../../migrations/005_channels.sql")),
    ("006_members.sql", include_str!("../../migrations/006_members.sql")),
    ("007_messages.sql", include_str!("../../migrations/007_messages.sql")),
    ("008_member_changes.sql", include_str!("../../migrations/008_member_changes.sql")),
    ("009_reactions.sql", include_str!("../../migrations/009_reactions.sql")),
    ("010_room_upgrades.sql", include_str!("../../migrations/010_room_upgrades.sql")),
    ("011_message_changes.sql", include_str!("../../migrations/011_message_changes.sql")),
];

/// A name of its own, because a platform database may have another service's history under refinery's.
const HISTORY: &str = "messaging_schema_history";

/// The advisory lock that one migration run holds: "daarionM" as a number.
const LOCK: i64 = i64::from_be_bytes(*b"daarionM");

const RETRY: Duration = Duration::from_millis(500);

/// Applies what is missing. Waits up to `patience` for the database, and for another run to finish.
pub async fn run(database: &Database, patience: Duration) -> anyhow::Result<()> {
    let deadline = Instant::now() + patience;
    let mut connection = connect(database, deadline).await?;
    // Tried, not waited for: a session that waits inside a statement holds back vacuum everywhere.
    let mut told = false;
    while !lock(&connection).await? {
        if Instant::now() > deadline {
            bail!("another migration is still running after {} s", patience.as_secs());
        }
        if !told {
            tracing::info!("another migration is running, waiting for it");
            told = true;
        }
        sleep(RETRY).await;
    }
    let mut runner = Runner::new(&migrations()?);
    runner.set_migration_table_name(HISTORY);
    // The lock ends with the connection, whatever happens.
    let report = runner.run_async(&mut connection.client).await.context("the migration failed")?;
    for applied in report.applied_migrations() {
        tracing::info!("applied {applied}");
    }
    match report.applied_migrations().len() {
        0 => tracing::info!("the database is up to date, nothing to apply"),
        n => tracing::info!("the database is up to date, {n} migrations applied"),
    }
    Ok(())
}

async fn connect(database: &Database, deadline: Instant) -> anyhow::Result<Dedicated> {
    let mut told = false;
    loop {
        match database.connect().await {
            Ok(connection) => return Ok(connection),
            Err(e) if e.as_db_error().is_some_and(|e| !starting(e.code())) => {
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

fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", chain(source)),
        None => error.to_string(),
    }
}

async fn lock(connection: &Dedicated) -> anyhow::Result<bool> {
    let row = connection.client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK]).await;
    Ok(row.context("the database went away")?.try_get(0)?)
}

fn migrations() -> anyhow::Result<Vec<Migration>> {
    MIGRATIONS.iter().map(|(file, sql)| Ok(Migration::unapplied(&name(file)?, sql)?)).collect()
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
    use std::path::Path;

    #[test]
    fn every_file_of_the_folder_is_applied_in_its_order() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".sql"))
            .collect();
        files.sort();
        let listed: Vec<&str> = MIGRATIONS.iter().map(|(file, _)| *file).collect();
        assert_eq!(listed, files);
    }

    #[test]
    fn the_numbers_rise() {
        let versions: Vec<_> = migrations().unwrap().iter().map(Migration::version).collect();
        assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    }
}
