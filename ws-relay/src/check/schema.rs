//! Whether the database has this version's tables and functions.

use super::QUESTION;
use super::report::Lines;
use crate::migrate::{self, functions};
use tokio::time::timeout;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

const CHECK: &str = "database.schema";
const MIGRATE: &str =
    "Run ws-relay migrate of this version, as the role that owns the tables (MIGRATION_DATABASE_URL).";

const STATE: &str = "
SELECT (SELECT max(version)::int4 FROM messaging.schema_history), f.version, f.hash FROM messaging.applied_functions f";

/// Says it. Whether the functions are this version's, so that it can be said who may call them.
pub async fn look(lines: &mut Lines, client: &Client) -> bool {
    let row = match timeout(QUESTION, client.query_opt(STATE, &[])).await {
        Err(_) => {
            lines.fault(CHECK, "the database does not answer", "Look at its log, and at what runs in it.");
            return false;
        }
        Ok(Err(e)) => {
            let missing = [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME];
            let text = match e.code() {
                Some(code) if missing.contains(code) => "the database was never migrated".to_owned(),
                Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                    "this role may not see what was migrated: it was not, by this version, or for another RELAY_ROLE"
                        .to_owned()
                }
                _ => format!("it cannot be read: {e}"),
            };
            lines.fault(CHECK, text, MIGRATE);
            return false;
        }
        Ok(Ok(row)) => row,
    };
    let state =
        row.and_then(|row| Some((row.try_get::<_, Option<i32>>(0).ok()??, row.try_get(1).ok()?, row.try_get(2).ok()?)));
    let (Some((tables, version, hash)), Ok(newest)) = (state, migrate::newest()) else {
        lines.fault(CHECK, "a migration was begun and not ended", MIGRATE);
        return false;
    };
    tell(lines, tables, newest, &version, &hash)
}

fn tell(lines: &mut Lines, tables: i32, newest: i32, version: &String, hash: &String) -> bool {
    let own = env!("CARGO_PKG_VERSION");
    let is_newer = functions::is_newer(version, own).unwrap_or(false);
    let is_same = *hash == functions::own_hash();
    if tables < newest {
        lines.fault(CHECK, format!("its tables are those of migration {tables}, and {newest} is needed"), MIGRATE);
    } else if is_same {
        lines.ok(CHECK, format!("tables of migration {tables}, functions of version {version}"));
    } else if is_newer {
        lines.ok(CHECK, format!("that of the newer version {version}, which serves this one ({own}) too"));
    } else {
        lines.fault(CHECK, format!("its functions are those of version {version}, and not this program's"), MIGRATE);
    }
    is_same
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::report::Level;

    #[test]
    fn an_older_schema_is_a_fault_and_a_newer_one_is_not() {
        let level = |tables, version: &str, hash: &str| {
            let mut lines = Lines::default();
            tell(&mut lines, tables, 30, &version.to_owned(), &hash.to_owned());
            lines.level(CHECK)
        };
        let own = functions::own_hash();
        assert_eq!(level(30, "0.0.1", &own), Some(Level::Ok));
        assert_eq!(level(29, "0.0.1", &own), Some(Level::Fault));
        assert_eq!(level(31, "99.0.0", "other"), Some(Level::Ok));
        assert_eq!(level(30, "0.0.1", "other"), Some(Level::Fault));
    }
}
