//! Whether this program and a database fit together: `ws-relay migrate --check`, and what a relay asks when it starts.
//!
//! Versions run beside each other on one schema, the newest one's. Each says which is the oldest that it serves.

use super::{files, functions, has};
use anyhow::Context;
use semver::Version;
use std::fmt::Write;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// This program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The oldest version whose components and relays this version's tables and functions serve: the release before this one. It
/// changes together with `tests/index/migrate/released.json`, which has what that version calls.
pub const SERVES: &str = "0.1.0";

/// So many functions that differ are named.
const NAMED: usize = 20;

/// What a database has.
#[derive(Debug, Default)]
pub struct State {
    /// The newest numbered file that was applied.
    table: Option<u32>,
    functions: Option<Applied>,
}

#[derive(Debug)]
struct Applied {
    /// Of the program that applied them.
    version: String,
    hash: String,
    /// The oldest version that they serve.
    serves: Option<String>,
}

/// How a program and a database go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// The database is at this version.
    Same,
    /// The tables are, the functions are another build's of the same version.
    OtherBuild,
    /// It is a newer version's, which serves this one.
    Served,
    /// `ws-relay migrate` comes first.
    TooOld,
    /// It is a newer version's, which does not serve this one any more.
    TooNew,
}

impl Fit {
    /// The exit code of `ws-relay migrate --check`.
    pub fn code(self) -> u8 {
        match self {
            Self::Same | Self::Served => 0,
            Self::OtherBuild | Self::TooOld => 2,
            Self::TooNew => 3,
        }
    }
}

impl State {
    /// Reads it. A role that may not know of it has a database that was not migrated for it.
    pub async fn read(client: &Client) -> anyhow::Result<Self> {
        match Self::try_read(client).await {
            Err(e) if e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Ok(Self::default()),
            state => state.context("the database cannot be asked for its version"),
        }
    }

    async fn try_read(client: &Client) -> Result<Self, tokio_postgres::Error> {
        let mut state = Self::default();
        if has(client, super::HISTORY).await? {
            let sql = "SELECT max(version) FROM messaging.schema_history";
            let newest: Option<i32> = client.query_one(sql, &[]).await?.try_get(0)?;
            state.table = newest.and_then(|number| u32::try_from(number).ok());
        }
        if has(client, functions::STATE).await? {
            // As JSON, because an older version's table has no such column.
            let sql = "SELECT version, hash, to_jsonb(a) ->> 'serves' FROM messaging.applied_functions a";
            if let Some(row) = client.query_opt(sql, &[]).await? {
                let (version, hash, serves) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                state.functions = Some(Applied { version, hash, serves });
            }
        }
        Ok(state)
    }

    /// How it goes together with this program.
    pub fn fit(&self) -> anyhow::Result<Fit> {
        self.fit_of(VERSION, own_table()?, &functions::hash(files::FUNCTIONS))
    }

    fn fit_of(&self, version: &str, table: u32, hash: &str) -> anyhow::Result<Fit> {
        let (Some(applied), Some(functions)) = (self.table, &self.functions) else { return Ok(Fit::TooOld) };
        if applied > table || is_newer(&functions.version, version)? {
            return Ok(if is_newer(functions.serves(), version)? { Fit::TooNew } else { Fit::Served });
        }
        Ok(match () {
            () if applied < table => Fit::TooOld,
            () if functions.hash == hash => Fit::Same,
            () if functions.version == version => Fit::OtherBuild,
            () => Fit::TooOld,
        })
    }

    /// What to do, for an operator.
    pub fn advice(&self, fit: Fit) -> anyhow::Result<String> {
        let migrate = format!("run `ws-relay migrate` of version {VERSION}, before its relays and components start");
        Ok(match (fit, &self.functions) {
            (Fit::Same, _) => "it fits; there is nothing to apply".to_owned(),
            (Fit::Served, _) => format!("it fits: the database is a newer version's, which serves {VERSION} as well"),
            (Fit::OtherBuild, _) => {
                format!("the functions are those of another build of {VERSION}; if this is the newer one, {migrate}")
            }
            (Fit::TooOld, Some(functions)) if is_newer(SERVES, &functions.version)? => format!(
                "{migrate}; first stop those of version {}: the new schema serves programs from {SERVES} on",
                functions.version
            ),
            (Fit::TooOld, Some(_)) => format!("{migrate}; programs from {SERVES} on go on beside it"),
            (Fit::TooOld, None) => migrate,
            (Fit::TooNew, functions) => {
                let oldest = functions.as_ref().map_or("a newer version", Applied::serves);
                format!(
                    "version {VERSION} is too old for this database, which serves programs from {oldest} on: start one of \
                     those, or restore the backup from before it was migrated (OPERATIONS.md, \"Upgrades\")"
                )
            }
        })
    }

    /// What the database has, in words.
    pub fn found(&self) -> String {
        let functions = self.functions.as_ref().map_or("none".to_owned(), |functions| {
            format!("of version {}, for programs from {} on", functions.version, functions.serves())
        });
        format!("tables {}, functions {functions}", up_to(self.table))
    }

    /// What `ws-relay migrate --check` prints about it.
    pub async fn report(&self, client: &Client, fit: Fit) -> anyhow::Result<String> {
        let mut text = format!("database: {}", self.found());
        let own = own_table()?;
        write!(text, "\nprogram:  version {VERSION}, tables {}, for programs from {SERVES} on", up_to(Some(own)))?;
        if fit.code() == 2 {
            let numbers = (self.table.unwrap_or(0)..).take_while(|&number| number < own);
            for (file, _) in numbers.filter_map(|number| files::NUMBERED.get(usize::try_from(number).ok()?)) {
                write!(text, "\nto apply: {file}")?;
            }
            let differ = functions::differing(client).await?;
            if !differ.is_empty() {
                let named: Vec<&str> = differ.iter().map(String::as_str).take(NAMED).collect();
                let more = match differ.len().saturating_sub(NAMED) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                write!(text, "\nto apply: functions, other than the database's are {}{more}", named.join(", "))?;
            }
        }
        write!(text, "\nso:       {}", self.advice(fit)?)?;
        Ok(text)
    }
}

impl Applied {
    /// Those that did not say so serve their own version alone.
    fn serves(&self) -> &str {
        self.serves.as_deref().unwrap_or(&self.version)
    }
}

fn up_to(table: Option<u32>) -> String {
    table.map_or("none".to_owned(), |table| format!("up to {table:03}"))
}

/// The number of this program's newest file.
fn own_table() -> anyhow::Result<u32> {
    let migrations = super::migrations()?;
    let last = migrations.last().context("there are no migrations")?;
    Ok(u32::try_from(last.version())?)
}

/// Whether a version is later than another.
pub fn is_newer(one: &str, other: &str) -> anyhow::Result<bool> {
    let parse = |version: &str| Version::parse(version).with_context(|| format!("{version:?} is no version"));
    Ok(parse(one)?.cmp_precedence(&parse(other)?).is_gt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database with these tables, and with functions of this version that serve programs from another one on.
    fn state(table: u32, version: &str, hash: &str, serves: Option<&str>) -> State {
        let serves = serves.map(str::to_owned);
        State {
            table: Some(table),
            functions: Some(Applied { version: version.to_owned(), hash: hash.to_owned(), serves }),
        }
    }

    #[test]
    fn a_later_version_is_newer_by_its_numbers() {
        assert!(is_newer("0.10.0", "0.9.1").unwrap());
        assert!(is_newer("1.0.0", "1.0.0-rc.1").unwrap());
        assert!(!is_newer("0.9.1", "0.10.0").unwrap());
        assert!(!is_newer("0.9.1", "0.9.1").unwrap());
        assert!(is_newer("next", "0.9.1").is_err());
    }

    #[test]
    fn programs_and_databases_fit_or_not() {
        let of = |state: State| state.fit_of("0.2.0", 30, "own").unwrap();
        assert_eq!(of(State::default()), Fit::TooOld);
        assert_eq!(of(state(30, "0.2.0", "own", Some("0.1.0"))), Fit::Same);
        // A release that changed nothing here did not apply anything, either.
        assert_eq!(of(state(30, "0.1.9", "own", Some("0.1.0"))), Fit::Same);
        assert_eq!(of(state(29, "0.1.0", "other", None)), Fit::TooOld);
        assert_eq!(of(state(30, "0.1.0", "other", None)), Fit::TooOld);
        assert_eq!(of(state(30, "0.2.0", "other", None)), Fit::OtherBuild);
        assert_eq!(of(state(31, "0.3.0", "other", Some("0.2.0"))), Fit::Served);
        assert_eq!(of(state(30, "0.3.0", "other", Some("0.1.0"))), Fit::Served);
        assert_eq!(of(state(32, "0.4.0", "other", Some("0.3.0"))), Fit::TooNew);
        assert_eq!(of(state(32, "0.4.0", "other", None)), Fit::TooNew);
        assert!(state(30, "next", "other", None).fit_of("0.2.0", 30, "own").is_err());
    }

    #[test]
    fn a_version_serves_itself() {
        assert!(!is_newer(SERVES, VERSION).unwrap());
    }
}
