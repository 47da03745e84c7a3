//! PostgreSQL: whether it is there, and is what the service needs.

use super::clock::{self, Asked};
use super::report::Lines;
use super::{QUESTION, Setting, rights, schema};
use crate::database::{Database, DatabaseError, chain};
use crate::settings;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};
use uuid::Uuid;

/// The oldest PostgreSQL that has what the functions use.
const OLDEST: i32 = 15;
/// What a relay holds beside its pool while it publishes.
const PUBLISHER: usize = 2;

/// What any role may know of the server.
const FACTS: &str = "
SELECT current_setting('server_version_num')::int4 / 10000, current_user::text, current_database()::text, r.rolsuper,
       pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on',
       extract(epoch FROM clock_timestamp())::float8,
       current_setting('max_connections')::int8 - current_setting('superuser_reserved_connections')::int8,
       (SELECT coalesce(sum(numbackends), 0)::int8 FROM pg_stat_database),
       (SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_trgm')
FROM pg_roles r WHERE r.rolname = current_user";

/// Looks at it; `app` are the connections that the app may hold.
pub async fn look(lines: &mut Lines, setting: Setting<'_>, app: usize) {
    // A setting that is missing is told elsewhere.
    let Ok(url) = settings::database_url(setting) else { return };
    let database = match Database::new(&url, 1) {
        Ok(database) => database,
        Err(e) => return lines.fault("database", format!("{e:#}"), "Mend DATABASE_URL."),
    };
    let (sender, mut heard) = mpsc::channel(1);
    let connection = database.connect_listening(move |notification| {
        // One is enough.
        let _ = sender.try_send(notification.payload().to_owned());
    });
    let connection = match connection.await {
        Ok(connection) => connection,
        Err(e) => return lines.fault("database", format!("it cannot be reached: {}", chain(&e)), advice(&e)),
    };
    let asked = Asked::now();
    let facts = match timeout(QUESTION, connection.client.query_one(FACTS, &[])).await {
        Ok(Ok(row)) => row,
        Ok(Err(e)) => return lines.fault("database", format!("it does not answer: {e}"), "Look at its log."),
        Err(_) => return lines.fault("database", "it does not answer", "Look at its log, and at what runs in it."),
    };
    let asked = asked.answered();
    let pool = setting("DATABASE_POOL").and_then(|text| text.parse().ok()).unwrap_or(8_usize);
    match Facts::of(&facts) {
        Ok(facts) => facts.tell(lines, asked, app, pool + PUBLISHER),
        Err(e) => lines.fault("database", format!("it answers strangely: {e}"), "Is it PostgreSQL?"),
    }
    if schema::look(lines, &connection.client).await {
        rights::look(lines, &connection.client).await;
    }
    listening(lines, &connection.client, &mut heard).await;
}

struct Facts {
    version: i32,
    role: String,
    name: String,
    is_superuser: bool,
    is_read_only: bool,
    time: f64,
    places: i64,
    taken: i64,
    pg_trgm: Option<String>,
}

impl Facts {
    fn of(row: &Row) -> Result<Self, tokio_postgres::Error> {
        Ok(Self {
            version: row.try_get(0)?,
            role: row.try_get(1)?,
            name: row.try_get(2)?,
            is_superuser: row.try_get(3)?,
            is_read_only: row.try_get(4)?,
            time: row.try_get(5)?,
            places: row.try_get(6)?,
            taken: row.try_get(7)?,
            pg_trgm: row.try_get(8)?,
        })
    }

    fn tell(&self, lines: &mut Lines, asked: Asked, app: usize, relay: usize) {
        let Self { version, role, name, .. } = self;
        let text = format!("PostgreSQL {version}, database {name}, as {role}");
        if self.version < OLDEST {
            lines.fault("database", text, format!("PostgreSQL {OLDEST} or newer is needed."));
        } else if self.is_read_only {
            lines.fault("database", format!("{text}; it is read-only"), "Lead DATABASE_URL to the primary server.");
        } else {
            lines.ok("database", text);
        }
        if self.is_superuser {
            let advice = "Connect as messaging_relay, which ws-relay migrate makes and gives what a relay needs.";
            lines.warning("database.role", format!("{role} is a superuser"), advice);
        }
        match &self.pg_trgm {
            Some(schema) => lines.ok("database.pg_trgm", format!("is there, in the schema {schema}")),
            None => lines.fault(
                "database.pg_trgm",
                "the extension is missing, so search fails",
                format!("As a superuser in the database {name}: CREATE EXTENSION pg_trgm; then run ws-relay migrate."),
            ),
        }
        let wanted = i64::try_from(app + relay).unwrap_or(i64::MAX);
        let text = format!(
            "{} places, {} taken now; the app may come to hold {app}, and each relay like this one {relay}",
            self.places, self.taken
        );
        match wanted <= self.places {
            true => lines.ok("database.connections", text),
            false => lines.warning(
                "database.connections",
                text,
                "Raise max_connections, or put PgBouncer in front of the components; --app-connections says how many \
                 it has then (README.md, Deployment).",
            ),
        }
        if let Ok(time) = Duration::try_from_secs_f64(self.time) {
            let time = SystemTime::UNIX_EPOCH + time;
            clock::compare(lines, "clocks.database", "the database", asked, time, Duration::ZERO);
        }
    }
}

/// Whether a notification arrives: a pooler that shares sessions between transactions swallows it.
async fn listening(lines: &mut Lines, client: &Client, heard: &mut mpsc::Receiver<String>) {
    const CHECK: &str = "database.listen";
    let word = Uuid::new_v4().simple().to_string();
    let told = async {
        client.batch_execute(&format!("LISTEN ws_relay_check_{word}")).await?;
        client.batch_execute(&format!("NOTIFY ws_relay_check_{word}, '{word}'")).await
    };
    let arrived = match timeout(QUESTION, told).await {
        Ok(Ok(())) => matches!(timeout(QUESTION, heard.recv()).await, Ok(Some(payload)) if payload == word),
        Ok(Err(e)) => return lines.fault(CHECK, format!("LISTEN fails: {e}"), "Is DATABASE_URL a pooler's address?"),
        Err(_) => false,
    };
    match arrived {
        true => lines.ok(CHECK, "notifications arrive"),
        false => lines.fault(
            CHECK,
            "a notification did not arrive, so the relay would learn of nothing at once",
            "Lead the relay's DATABASE_URL to PostgreSQL itself; only the components may go through a transaction pooler.",
        ),
    }
}

fn advice(error: &DatabaseError) -> &'static str {
    let DatabaseError::Statement(e) = error else {
        return "It takes connections and says nothing: look at its log, and at proxies on the way.";
    };
    match e.code() {
        Some(&(SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION)) => {
            "Mend role or password in DATABASE_URL, or pg_hba.conf; ws-relay migrate makes the roles."
        }
        Some(&SqlState::INVALID_CATALOG_NAME) => "Make the database, then run ws-relay migrate.",
        Some(&SqlState::TOO_MANY_CONNECTIONS) => "All its connections are taken: see README.md, Deployment.",
        Some(_) => "Look at what it says.",
        None => "Does it run? Are host, port and sslmode of DATABASE_URL right, and does a firewall let this machine?",
    }
}
