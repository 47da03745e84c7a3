//! The functions of the schema `messaging`: one current text, applied as a whole when it has changed.
//!
//! Functions are replaced in place, not dropped and created: a call that is under way holds a function by its number,
//! and would fail in the middle of its statement if that number went away.

use super::files;
use super::fit::{SERVES, VERSION, is_newer};
use super::roles::{Roles, secure};
use anyhow::{Context, bail};
use messaging_core::refusal::Refusal;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::error::{ErrorPosition, SqlState};
use tokio_postgres::{Client, GenericClient, Transaction};

/// Which functions the database has: one row.
pub(super) const STATE: &str = "messaging.applied_functions";
const CREATE_STATE: &str = "CREATE TABLE IF NOT EXISTS messaging.applied_functions (
    only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version    text NOT NULL,
    hash       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
-- The oldest version of a program that they serve; where it is missing, their own.
ALTER TABLE messaging.applied_functions ADD COLUMN IF NOT EXISTS serves text";

/// How every definition begins, and how it is sent.
const DEFINITION: &str = "CREATE FUNCTION messaging.";
const REPLACEMENT: &str = "CREATE OR REPLACE FUNCTION messaging.";

/// A database's functions: the version of the program that applied them, and their hash.
type Stored = (String, String);

/// Applies the functions if they are others than the database has, and gives them and the roles their rights. Returns
/// whether anything was changed.
pub async fn bring_up_to_date(client: &mut Client, roles: &Roles) -> anyhow::Result<bool> {
    let (hash, stored) = (hash(files::FUNCTIONS), stored(client).await?);
    match &stored {
        Some((_, known)) if *known == hash => {
            let transaction = client.transaction().await?;
            let changed = secure(&transaction, roles).await.context("the rights of the roles")?;
            transaction.commit().await.context("the rights of the roles could not be committed")?;
            return Ok(changed);
        }
        Some((version, _)) if is_newer(version, VERSION)? => {
            tracing::info!("the functions are those of version {version}, newer than {VERSION}: left as they are");
            return Ok(false);
        }
        _ => refuse_strangers(client).await?,
    }
    if let Some((version, _)) = &stored
        && is_newer(SERVES, version)?
    {
        tracing::warn!("programs of version {version} are not served any more: the schema is for {SERVES} and later");
    }
    let transaction = client.transaction().await?;
    let count = apply(&transaction, files::FUNCTIONS, &hash).await?;
    secure(&transaction, roles).await.context("the rights of the roles")?;
    transaction.commit().await.context("the functions could not be committed")?;
    tracing::info!("applied {count} functions from {} files", files::FUNCTIONS.len());
    Ok(true)
}

/// Everything that decides what the functions are: the names and texts of the files, the refusals, and whom they serve.
pub(super) fn hash(files: &[(&str, &str)]) -> String {
    let mut hash = Sha256::new();
    let refusals = Refusal::ALL.iter().map(|refusal| refusal.code());
    for text in files.iter().flat_map(|(name, sql)| [*name, *sql]).chain(refusals).chain([SERVES]) {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn stored(client: &Client) -> anyhow::Result<Option<Stored>> {
    if !super::has(client, STATE).await? {
        return Ok(None);
    }
    let row = client.query_opt("SELECT version, hash FROM messaging.applied_functions", &[]).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Functions that are not in the files are dropped, so before the first time there may be none.
async fn refuse_strangers(client: &Client) -> anyhow::Result<()> {
    if super::has(client, STATE).await? {
        return Ok(());
    }
    let names = functions(client).await?.into_values().map(|function| function.name);
    match names.reduce(|all, name| all + ", " + &name) {
        None => Ok(()),
        Some(names) => bail!(
            "the schema messaging has functions that this program did not make: {names}. It has to be this program's \
             alone; move them to another schema, or drop them"
        ),
    }
}

/// The names of the functions whose text is another in the files than in the database, or that only one of them has.
pub(super) async fn differing(client: &Client) -> anyhow::Result<BTreeSet<String>> {
    let sql = "SELECT p.proname::text, p.prosrc FROM pg_proc p WHERE p.pronamespace = to_regnamespace('messaging')";
    let there = client.query(sql, &[]).await?.into_iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?)));
    let there: BTreeSet<(String, String)> = there.collect::<Result<_, tokio_postgres::Error>>()?;
    let ours: BTreeSet<(String, String)> = files::FUNCTIONS.iter().flat_map(|(_, sql)| bodies(sql)).collect();
    Ok(there.symmetric_difference(&ours).map(|(name, _)| name.clone()).collect())
}

/// The functions of a file: name and body.
fn bodies(sql: &str) -> impl Iterator<Item = (String, String)> {
    sql.split(DEFINITION).skip(1).filter_map(|definition| {
        let (name, rest) = definition.split_once('(')?;
        let (body, _) = rest.split_once("AS $$")?.1.split_once("$$")?;
        Some((name.to_owned(), body.to_owned()))
    })
}

struct Function {
    name: String,
    /// The transaction that wrote its current definition.
    written_by: String,
}

/// The functions of the schema, by number.
async fn functions(client: &impl GenericClient) -> anyhow::Result<HashMap<u32, Function>> {
    let sql = "SELECT p.oid, p.oid::regprocedure::text, p.xmin::text FROM pg_proc p
               WHERE p.pronamespace = 'messaging'::regnamespace";
    let function = |row: tokio_postgres::Row| {
        Ok((row.try_get(0)?, Function { name: row.try_get(1)?, written_by: row.try_get(2)? }))
    };
    client.query(sql, &[]).await?.into_iter().map(function).collect()
}

/// Replaces all functions. Returns how many there are.
async fn apply(transaction: &Transaction<'_>, files: &[(&str, &str)], hash: &str) -> anyhow::Result<usize> {
    transaction.batch_execute(CREATE_STATE).await.context("cannot create messaging.applied_functions")?;
    set_refusals(transaction).await.context("messaging.refusal")?;
    let before = functions(transaction).await?;
    // The bodies name each other, so they are checked when all are there.
    transaction.batch_execute("SET LOCAL check_function_bodies = off").await?;
    create(transaction, files, &before).await?;
    let after = functions(transaction).await?;
    let same = |number: &u32, function: &Function| {
        before.get(number).is_some_and(|known| known.written_by == function.written_by)
    };
    let (gone, written): (Vec<_>, Vec<_>) = after.iter().partition(|(number, function)| same(number, function));
    let defined = files.iter().map(|(_, sql)| sql.matches(DEFINITION).count()).sum::<usize>();
    if written.len() != defined {
        bail!("the files define {defined} functions, but {} were made: two are the same", written.len());
    }
    drop_functions(transaction, gone.iter().map(|(_, function)| function.name.as_str())).await?;
    validate(transaction).await?;
    let store = "INSERT INTO messaging.applied_functions (version, hash, serves) VALUES ($1, $2, $3)
                 ON CONFLICT (only_row) DO UPDATE SET version = excluded.version, hash = excluded.hash,
                     serves = excluded.serves, applied_at = now()";
    transaction.execute(store, &[&VERSION, &hash, &SERVES]).await?;
    Ok(defined)
}

/// Makes `messaging.refusal` take exactly the codes of [`Refusal`]. A domain and no enum, because its codes can change
/// while calls are under way that return one, and within this transaction.
async fn set_refusals(transaction: &Transaction<'_>) -> anyhow::Result<()> {
    let row = transaction.query_one("SELECT to_regtype('messaging.refusal') IS NULL", &[]).await?;
    if row.try_get(0)? {
        transaction.batch_execute("CREATE DOMAIN messaging.refusal AS text").await?;
    }
    let codes: Vec<String> = Refusal::ALL.iter().map(|refusal| format!("'{}'", refusal.code())).collect();
    let sql = format!(
        "ALTER DOMAIN messaging.refusal DROP CONSTRAINT IF EXISTS refusal_code;
         ALTER DOMAIN messaging.refusal ADD CONSTRAINT refusal_code CHECK (VALUE IN ({}))",
        codes.join(", ")
    );
    Ok(transaction.batch_execute(&sql).await?)
}

/// Replaces in place what has the same signature. Where PostgreSQL refuses that (another result, other names of
/// parameters), everything is dropped first; a call under way may then fail.
async fn create(
    transaction: &Transaction<'_>,
    files: &[(&str, &str)],
    before: &HashMap<u32, Function>,
) -> anyhow::Result<()> {
    transaction.batch_execute("SAVEPOINT in_place").await?;
    match send(transaction, files).await {
        Err(e) if !before.is_empty() && e.root_cause().downcast_ref().is_some_and(is_other_signature) => {
            transaction.batch_execute("ROLLBACK TO SAVEPOINT in_place").await?;
            tracing::info!("a function's result or its parameters' names have changed: dropping all of them first");
            drop_functions(transaction, before.values().map(|function| function.name.as_str())).await?;
            send(transaction, files).await
        }
        other => other,
    }
}

fn is_other_signature(error: &tokio_postgres::error::DbError) -> bool {
    *error.code() == SqlState::INVALID_FUNCTION_DEFINITION
}

async fn send(transaction: &Transaction<'_>, files: &[(&str, &str)]) -> anyhow::Result<()> {
    for (file, sql) in files {
        let sent = transaction.batch_execute(&sql.replace(DEFINITION, REPLACEMENT)).await;
        sent.map_err(|e| {
            let line = line(&e, sql).map_or_else(String::new, |line| format!(", line {line}"));
            anyhow::Error::from(e).context(format!("migrations/{file}{line}"))
        })?;
    }
    Ok(())
}

/// The line that an error points to. What is sent has the same lines as the file, but longer ones.
fn line(error: &tokio_postgres::Error, sql: &str) -> Option<usize> {
    match error.as_db_error()?.position()? {
        ErrorPosition::Original(position) => {
            let sent = sql.replace(DEFINITION, REPLACEMENT);
            Some(sent.chars().take(usize::try_from(*position).ok()?).filter(|&c| c == '\n').count() + 1)
        }
        ErrorPosition::Internal { .. } => None,
    }
}

async fn drop_functions(transaction: &Transaction<'_>, names: impl Iterator<Item = &str>) -> anyhow::Result<()> {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        return Ok(());
    }
    // In one statement, as they may depend on each other.
    let sql = format!("DROP ROUTINE {}", names.join(", "));
    transaction.batch_execute(&sql).await.context("functions that are no longer in the files cannot be dropped")
}

/// Has PostgreSQL check every body, as it does for a single CREATE FUNCTION.
async fn validate(transaction: &Transaction<'_>) -> anyhow::Result<()> {
    transaction.batch_execute("SET LOCAL check_function_bodies = on").await?;
    let sql = "SELECT CASE l.lanname WHEN 'plpgsql' THEN plpgsql_validator(p.oid) WHEN 'sql' THEN fmgr_sql_validator(p.oid) END
               FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid = $1";
    let statement = transaction.prepare(sql).await?;
    for (number, function) in functions(transaction).await? {
        // One by one, because not every error says which function it is about.
        let checked = transaction.query(&statement, &[&number]).await;
        checked.with_context(|| format!("migrations/functions: {}", function.name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_tells_texts_apart_wherever_they_are_cut() {
        assert_eq!(hash(&[("a.sql", "x")]), hash(&[("a.sql", "x")]));
        assert_ne!(hash(&[("a.sql", "x")]), hash(&[("a.sql", "y")]));
        assert_ne!(hash(&[("a.sql", "xb.sql"), ("", "y")]), hash(&[("a.sql", "x"), ("b.sql", "y")]));
    }

    #[test]
    fn a_file_of_functions_holds_nothing_else() {
        for (file, sql) in files::FUNCTIONS {
            let others = sql.lines().filter(|line| line.to_uppercase().starts_with("CREATE")).collect::<Vec<_>>();
            assert!(others.iter().all(|line| line.starts_with(DEFINITION)), "{file}: {others:?}");
            assert_eq!(bodies(sql).count(), others.len(), "{file}: a body that is not between $$ and $$");
        }
    }
}
