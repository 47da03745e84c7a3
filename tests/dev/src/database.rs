//! What is in the PostgreSQL: the service's roles and its database.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run;
use crate::secrets::Secrets;

/// The role that owns the tables, and its database.
const NAME: &str = "messaging";
/// The roles of the components and of the relay, as `ws-relay migrate` calls them by default.
const COMPONENTS: &str = "messaging_components";
const RELAY: &str = "messaging_relay";

/// Makes the service's roles and database unless they are there. The owner manages the two others: it limits their
/// statements when it migrates.
pub fn create(bin: &Path, port: u16, secrets: &Secrets) -> Result<()> {
    let passwords =
        [(NAME, &secrets.postgres), (COMPONENTS, &secrets.postgres_components), (RELAY, &secrets.postgres_relay)];
    let role = |(name, password)| {
        format!(
            "SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') \\gexec\n\
             ALTER ROLE {name} PASSWORD '{password}';\n"
        )
    };
    let sql = passwords.into_iter().map(role).collect::<String>()
        + &format!(
            "ALTER ROLE {NAME} CREATEROLE; GRANT {COMPONENTS}, {RELAY} TO {NAME} WITH ADMIN OPTION;\n\
             SELECT 'CREATE DATABASE {NAME} OWNER {NAME}' \
             WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{NAME}') \\gexec\n\
             REVOKE ALL ON DATABASE {NAME} FROM PUBLIC;\n"
        );
    let mut psql = Command::new(bin.join("psql"));
    psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--host=127.0.0.1", "--username=postgres"]);
    psql.arg(format!("--port={port}")).env("PGPASSWORD", &secrets.postgres_admin);
    psql.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = psql.spawn().with_context(|| format!("cannot run {}", run::shown(&psql)))?;
    if let Some(mut stdin) = child.stdin.take() {
        std::io::Write::write_all(&mut stdin, sql.as_bytes()).context("cannot talk to psql")?;
    }
    let output = child.wait_with_output().context("cannot wait for psql")?;
    if !output.status.success() {
        bail!("cannot create the database: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// The addresses of the service's database, each with its role and its password.
pub struct Urls {
    /// Of the role that owns the tables.
    pub owner: String,
    /// For the components.
    pub components: String,
    /// For the relay.
    pub relay: String,
}

/// The addresses of the service's database.
pub fn urls(port: u16, secrets: &Secrets) -> Urls {
    let url = |role: &str, password: &str| format!("postgres://{role}:{password}@127.0.0.1:{port}/{NAME}");
    Urls {
        owner: url(NAME, &secrets.postgres),
        // On this machine nothing is encrypted anyway, and Spin takes 50 ms to be ready for it (OPERATIONS.md, "First requests").
        components: url(COMPONENTS, &secrets.postgres_components) + "?sslmode=disable",
        relay: url(RELAY, &secrets.postgres_relay),
    }
}
