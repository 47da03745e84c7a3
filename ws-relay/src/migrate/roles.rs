//! The roles of the components and of the relays: which rights they have, and how long their statements may take.
//!
//! The owner, who migrates, has everything. The components may call the functions that are made for them and touch no
//! table; such a function runs with its owner's rights. A relay may read the log, mark and delete its rows, and what
//! is listed here. A platform that has one role for everything goes on with it.

use super::grants::{self, Grant};
use anyhow::Context;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};

/// The names of the roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// Of the components.
    pub components: String,
    /// Of the relays.
    pub relay: String,
}

impl Roles {
    /// The settings `COMPONENTS_ROLE` and `RELAY_ROLE`.
    pub fn read(setting: impl Fn(&str) -> Option<String>) -> Self {
        let name = |name: &str, default: &str| {
            setting(name).filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
        };
        Self {
            components: name("COMPONENTS_ROLE", "messaging_components"),
            relay: name("RELAY_ROLE", "messaging_relay"),
        }
    }

    /// Each once.
    fn names(&self) -> impl Iterator<Item = &str> {
        [self.components.as_str(), &self.relay].into_iter().take(if self.is_one() { 1 } else { 2 })
    }

    fn is_one(&self) -> bool {
        self.components == self.relay
    }
}

/// What a role's sessions have. How long its statements, and its transactions between two statements, may take: the components
/// give a statement up after 10 seconds, the publisher after 30. And all statements are short: where a table has no statistics
/// yet, PostgreSQL would compile them at each call, which takes many times as long as they do.
fn settings(roles: &Roles, name: &str) -> [(&'static str, &'static str); 3] {
    let limit = if name == roles.components { "10s" } else { "30s" };
    [("statement_timeout", limit), ("idle_in_transaction_session_timeout", limit), ("jit", "off")]
}

/// Makes the roles that are missing, as far as the migrating role may, and limits their statements. What an operator has
/// set stays. Returns whether anything was changed.
pub async fn make(client: &mut Client, roles: &Roles) -> anyhow::Result<bool> {
    let mut changed = false;
    for name in roles.names() {
        let is_made = match exists(client, name).await? {
            true => false,
            false if may_make(client).await? => {
                create(client, name).await?;
                true
            }
            false => {
                tracing::info!(
                    "there is no role {name}, and this one may not make it: who connects as the owner of the tables goes \
                     on, with all of the owner's rights"
                );
                continue;
            }
        };
        changed |= is_made;
        if !is_own(client, name).await? {
            changed |= limit(client, roles, name).await?;
        }
    }
    Ok(changed)
}

/// Gives the functions and the roles their rights, and takes from the roles what is not theirs. In the transaction that
/// replaces the functions, so that nobody ever calls one without them. Returns whether anything was changed.
pub async fn secure(transaction: &Transaction<'_>, roles: &Roles) -> anyhow::Result<bool> {
    let mut changed = grants::make_definers(transaction).await?;
    let mut present = Vec::new();
    for name in roles.names() {
        if exists(transaction, name).await? && !is_own(transaction, name).await? {
            present.push(name);
        }
    }
    for &name in &present {
        let is_components = name == roles.components;
        let is_relay = name == roles.relay;
        let tables: &[Grant] = if is_relay { grants::RELAY_TABLES } else { &[] };
        changed |= grants::of_schemas(transaction, name, is_relay).await?;
        changed |= grants::of_tables(transaction, name, tables).await?;
        changed |= grants::of_functions(transaction, name, is_components, is_relay).await?;
    }
    // Where there are no roles of their own, others than the owner may rely on what everybody may.
    if !present.is_empty() {
        changed |= grants::revoke_from_public(transaction).await?;
    }
    Ok(changed)
}

/// Says so when the functions run with the rights of a superuser.
pub async fn warn_of_superuser(client: &Client) -> anyhow::Result<()> {
    let sql = "SELECT DISTINCT r.rolname::text FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
               WHERE p.pronamespace = 'messaging'::regnamespace AND r.rolsuper";
    if let Some(row) = client.query_opt(sql, &[]).await? {
        let name: String = row.try_get(0)?;
        tracing::warn!(
            "the functions belong to the superuser {name} and run with all rights: let a role of its own migrate"
        );
    }
    Ok(())
}

async fn exists(client: &impl tokio_postgres::GenericClient, name: &str) -> anyhow::Result<bool> {
    Ok(client.query_opt("SELECT FROM pg_roles WHERE rolname = $1", &[&name]).await?.is_some())
}

/// Whether the migrating role itself has this name: one role for everything.
async fn is_own(client: &impl tokio_postgres::GenericClient, name: &str) -> anyhow::Result<bool> {
    Ok(client.query_one("SELECT current_user = $1::name", &[&name]).await?.try_get(0)?)
}

async fn may_make(client: &Client) -> anyhow::Result<bool> {
    let sql = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user";
    Ok(client.query_one(sql, &[]).await?.try_get(0)?)
}

async fn create(client: &Client, name: &str) -> anyhow::Result<()> {
    match client.batch_execute(&format!("CREATE ROLE {} LOGIN", quoted(name))).await {
        // The migration of another database on this server was faster.
        Err(e) if matches!(e.code(), Some(&SqlState::DUPLICATE_OBJECT | &SqlState::UNIQUE_VIOLATION)) => Ok(()),
        made => {
            made.with_context(|| format!("cannot make the role {name}"))?;
            tracing::info!("made the role {name}; give it a password: ALTER ROLE {} PASSWORD '…'", quoted(name));
            Ok(())
        }
    }
}

async fn limit(client: &Client, roles: &Roles, name: &str) -> anyhow::Result<bool> {
    let sql = "SELECT current_database()::text, ARRAY(
                   SELECT split_part(unnest(s.setconfig), '=', 1) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                   WHERE r.rolname = $1 AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))";
    let row = client.query_one(sql, &[&name]).await?;
    let (database, set): (String, Vec<String>) = (row.try_get(0)?, row.try_get(1)?);
    let missing: Vec<_> =
        settings(roles, name).into_iter().filter(|(setting, _)| !set.iter().any(|s| s == setting)).collect();
    let sql: Vec<_> = missing
        .iter()
        .map(|(setting, value)| {
            format!("ALTER ROLE {} IN DATABASE {} SET {setting} = '{value}'", quoted(name), quoted(&database))
        })
        .collect();
    if sql.is_empty() {
        return Ok(false);
    }
    match client.batch_execute(&sql.join("; ")).await {
        Err(e) if e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            tracing::warn!(
                "the statements of {name} have no time limit, and this role may not set one; run {}",
                sql.join("; ")
            );
            Ok(false)
        }
        set => {
            set.with_context(|| format!("cannot limit the statements of {name}"))?;
            Ok(true)
        }
    }
}

/// A name as SQL takes it, whatever characters it has.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_names_and_may_have_others() {
        let roles = Roles::read(|name| (name == "RELAY_ROLE").then(|| "city_relay".to_owned()));
        assert_eq!(roles, Roles { components: "messaging_components".into(), relay: "city_relay".into() });
        assert_eq!(Roles::read(|_| Some(String::new())).relay, "messaging_relay");
    }

    #[test]
    fn a_name_with_quotes_stays_one_name() {
        assert_eq!(quoted(r#"a"; DROP ROLE b"#), r#""a""; DROP ROLE b""#);
    }
}
