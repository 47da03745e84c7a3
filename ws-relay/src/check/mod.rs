//! `ws-relay check`: looks at everything that the service needs, changes nothing, and says for each thing whether it is
//! well, and what to do when it is not.

mod app;
mod clock;
mod database;
mod exchange;
mod homeserver;
mod keys;
mod names;
mod nats;
mod ping;
mod registration;
mod report;
mod rights;
mod schema;
mod secrets;
mod settings;
mod stream;

use crate::environment;
use anyhow::{Context, bail};
use report::{Lines, Report};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::timeout;

/// What is made of `spin.toml` by build.rs.
mod manifest {
    include!(concat!(env!("OUT_DIR"), "/app.rs"));
}

/// How long all questions to one part may take. All parts are asked at the same time.
const PART: Duration = Duration::from_secs(15);
/// How long one question to a part may take.
const QUESTION: Duration = Duration::from_secs(5);
/// What a Spin host keeps open for each component that uses the database.
const POOL: usize = 64;

/// A setting by its name, secrets out of their files.
type Setting<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The same, owned.
type Read = Box<dyn Fn(&str) -> Option<String>>;

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    json: bool,
    /// The application service's registration, as the homeserver has it.
    registration: Option<PathBuf>,
    /// Connections to the database that the app may hold.
    app_connections: Option<usize>,
}

impl Wanted {
    /// Reads the arguments behind `check`.
    pub fn read(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut wanted = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} takes a value"));
            match *word {
                "--json" => wanted.json = true,
                "--registration" => wanted.registration = Some(PathBuf::from(value()?)),
                "--app-connections" => {
                    wanted.app_connections = Some(value()?.parse().context("--app-connections takes a number")?);
                }
                other => bail!("unknown argument of check: {other}"),
            }
        }
        Ok(wanted)
    }
}

/// Looks at everything and prints it. 0: all is well; 1: there are warnings; 2: there are faults.
pub async fn run(wanted: Wanted) -> ExitCode {
    let mut first = Lines::default();
    let of_environment = |name: &str| std::env::var(name).ok();
    let read: Read = match environment::read(of_environment) {
        Ok(setting) => Box::new(setting),
        Err(e) => {
            first.fault("settings.files", format!("{e:#}"), "Make the file readable for the relay, or mend its name.");
            Box::new(of_environment)
        }
    };
    // An empty setting is one that is not set, as everywhere.
    let setting = |name: &str| read(name).filter(|value| !value.is_empty());
    let setting: Setting = &setting;
    let app_connections = wanted.app_connections.unwrap_or(manifest::POOLS * POOL);
    let names: Vec<String> = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect();
    settings::look(&mut first, setting, &names);
    let (keys, database, nats, homeserver, app) = tokio::join!(
        part("keys", async |lines: &mut Lines| keys::look(lines, setting).await),
        part("database", async |lines: &mut Lines| database::look(lines, setting, app_connections).await),
        part("nats", async |lines: &mut Lines| nats::look(lines, setting).await),
        part("homeserver", async |lines: &mut Lines| homeserver::look(lines, setting).await),
        part("app", async |lines: &mut Lines| app::look(lines, setting).await),
    );
    let mut lines = first;
    if let Some(path) = &wanted.registration {
        registration::look(&mut lines, path, setting);
    }
    for more in [keys, database, nats, homeserver, app] {
        lines.append(more);
    }
    let report = Report::of(lines);
    println!("{}", if wanted.json { report.json() } else { report.text() });
    report.exit_code()
}

/// Has a part looked at. What was found until its time was over is told all the same.
async fn part(name: &'static str, look: impl AsyncFnOnce(&mut Lines)) -> Lines {
    let mut lines = Lines::default();
    if timeout(PART, look(&mut lines)).await.is_err() {
        let text = format!("was not done with its answers within {} s", PART.as_secs());
        lines.fault(name, text, "It hangs, or it is overloaded: look at its own log.");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_in_any_order() {
        let wanted = Wanted::read(&["--registration", "r.yaml", "--json", "--app-connections", "20"]).unwrap();
        assert_eq!((wanted.json, wanted.registration, wanted.app_connections), (true, Some("r.yaml".into()), Some(20)));
        assert!(Wanted::read(&["--registration"]).is_err());
        assert!(Wanted::read(&["--app-connections", "many"]).is_err());
        assert!(Wanted::read(&["now"]).is_err());
    }

    #[test]
    fn the_app_is_what_its_manifest_says() {
        assert!(manifest::SETTINGS.contains(&"MATRIX_AS_TOKEN") && manifest::SETTINGS.contains(&"JWT_ISSUER"));
        let most = manifest::SETTINGS.len();
        assert!((10..100).contains(&manifest::POOLS), "{} pools, {most} settings", manifest::POOLS);
    }
}
