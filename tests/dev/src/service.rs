//! One service of the stack: how it is started, recognised, awaited and stopped.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::paths::{tail, which};
use crate::probe::Probe;
use crate::process::{Identity, group};
use crate::stop::Stop;

/// The services, in the order in which they start; they stop in reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// The index.
    Postgres,
    /// The event bus.
    Nats,
    /// The homeserver.
    Synapse,
    /// The Spin app.
    App,
    /// The native sidecar.
    WsRelay,
}

impl Name {
    /// As users, logs and the stack file write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Nats => "nats",
            Self::Synapse => "synapse",
            Self::App => "app",
            Self::WsRelay => "ws-relay",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// In the environment of everything that belongs to a service; its log tells which one.
const MARKER: &str = "DAARION_DEV_SERVICE";

/// Everything needed to start a service, now and again later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Program and arguments.
    pub command: Vec<String>,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// Working directory.
    pub cwd: PathBuf,
    /// Another user to run as.
    pub user: Option<String>,
    /// Where its output goes.
    pub log: PathBuf,
    /// Where it listens, for people.
    pub address: String,
    /// When it is ready.
    pub ready: Probe,
    /// Whether it stops on SIGINT to its first process, as PostgreSQL does, instead of SIGTERM to all of them.
    pub stops_on_interrupt: bool,
    /// The process, once started.
    #[serde(flatten)]
    pub process: Option<Identity>,
    /// Whether it was stopped by command, so that its absence is no failure.
    #[serde(default)]
    pub stopped: bool,
}

impl Service {
    /// Starts the process. With `bound` the kernel stops it when this program's main thread ends, whatever ends it.
    pub fn spawn(&mut self, bound: bool) -> Result<()> {
        let words = self.words(bound);
        let (program, arguments) = words.split_first().context("a service without a command")?;
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("cannot write {}", self.log.display()))?;
        let errors = log.try_clone().context("cannot share the log")?;
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(&self.env)
            .env(MARKER, &self.log)
            .current_dir(&self.cwd)
            // Its own group: a Ctrl-C in the terminal is for us, who stop the services in order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot run {program}"))?;
        self.process = Identity::of(child.id());
        self.stopped = false;
        Ok(())
    }

    /// The command line with the change of user and the tie to this program's life in front of it.
    fn words(&self, bound: bool) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(user) = &self.user {
            words.extend([format!("--reuid={user}"), format!("--regid={user}"), "--init-groups".to_owned()]);
        }
        if bound && which("setpriv").is_some() {
            let signal = if self.stops_on_interrupt { "INT" } else { "TERM" };
            words.extend(["--pdeathsig".to_owned(), signal.to_owned()]);
        }
        if !words.is_empty() {
            words.insert(0, "setpriv".to_owned());
            words.push("--".to_owned());
        }
        words.extend(self.command.iter().cloned());
        words
    }

    /// Waits until it is ready; a process that ends before that, or takes too long, is an error with its log.
    pub fn wait_ready(&self, name: Name, limit: Duration, stop: &Stop) -> Result<()> {
        let deadline = Instant::now() + limit;
        loop {
            let Some(process) = self.process.filter(|process| process.alive()) else {
                bail!("{name} ended while it was starting. {}", self.log_end());
            };
            let Err(seen) = self.ready.check() else {
                // Its port may be somebody else's, who answered in its place.
                stop.pause(Duration::from_millis(10))?;
                if process.alive() {
                    return Ok(());
                }
                continue;
            };
            if Instant::now() > deadline {
                bail!("{name} is not ready after {} s: {seen}\n{}", limit.as_secs(), self.log_end());
            }
            stop.pause(Duration::from_millis(50))?;
        }
    }

    /// Stops it: the polite way, and after ten seconds (or when the user insists) by force.
    pub fn stop(&self, stop: &Stop) {
        let Some(process) = self.process else { return };
        match self.stops_on_interrupt {
            true => process.signal(Signal::INT, false),
            false => process.signal(Signal::TERM, true),
        }
        self.orphans().into_iter().for_each(|orphan| orphan.signal(Signal::TERM, false));
        if !self.wait_gone(process, stop) {
            self.kill(stop);
        }
    }

    /// Ends it by force, as a crash would, and whatever it started.
    pub fn kill(&self, stop: &Stop) {
        let Some(process) = self.process else { return };
        process.signal(Signal::KILL, true);
        self.orphans().into_iter().for_each(|orphan| orphan.signal(Signal::KILL, false));
        self.wait_gone(process, stop);
    }

    fn wait_gone(&self, process: Identity, stop: &Stop) -> bool {
        let limit = Duration::from_secs(10);
        process.wait_gone(limit, stop) && self.orphans().into_iter().all(|orphan| orphan.wait_gone(limit, stop))
    }

    /// What still runs of it although its first process is gone.
    pub fn orphans(&self) -> Vec<Identity> {
        match self.process {
            Some(process) if !process.alive() => group(process.pid, &format!("{MARKER}={}", self.log.display())),
            _ => Vec::new(),
        }
    }

    /// Whether its process runs.
    pub fn alive(&self) -> bool {
        self.process.is_some_and(Identity::alive)
    }

    /// The end of the log, introduced.
    pub fn log_end(&self) -> String {
        format!("The end of {}:\n{}", self.log.display(), tail(&self.log, 25))
    }
}

/// The part of our own environment that a service may need; the rest would make a later restart differ.
pub fn base_env() -> BTreeMap<String, String> {
    const NAMES: [&str; 9] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "RUST_LOG", "RUST_BACKTRACE"];
    std::env::vars().filter(|(name, _)| NAMES.contains(&name.as_str()) || name.starts_with("OTEL_")).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn example(script: &str, log: &std::path::Path) -> Service {
        Service {
            command: ["sh", "-c", script].map(str::to_owned).to_vec(),
            env: base_env(),
            cwd: std::env::temp_dir(),
            user: None,
            log: log.to_path_buf(),
            address: "nowhere".to_owned(),
            ready: Probe::Http("http://127.0.0.1:1/".to_owned()),
            stops_on_interrupt: false,
            process: None,
            stopped: false,
        }
    }

    #[test]
    fn an_early_end_is_noticed_and_shows_the_log() {
        let log = std::env::temp_dir().join(format!("dev-service-{}.log", std::process::id()));
        let mut service = example("echo cannot bind; exit 1", &log);
        service.spawn(false).unwrap();
        let start = Instant::now();
        let error = service.wait_ready(Name::Nats, Duration::from_secs(60), &Stop::default()).unwrap_err();
        assert!(error.to_string().contains("cannot bind"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(30));
        std::fs::remove_file(&log).unwrap();
    }

    #[test]
    fn what_a_killed_service_leaves_behind_is_found_and_ended() {
        let log = std::env::temp_dir().join(format!("dev-orphan-{}.log", std::process::id()));
        let mut service = example("sleep 60 & echo started; wait", &log);
        service.spawn(false).unwrap();
        let stop = Stop::default();
        while !tail(&log, 1).contains("started") {
            stop.pause(Duration::from_millis(10)).unwrap();
        }
        service.process.unwrap().signal(Signal::KILL, false);
        assert!(service.process.unwrap().wait_gone(Duration::from_secs(10), &stop));
        assert_eq!(service.orphans().len(), 1);
        service.kill(&stop);
        assert_eq!(service.orphans(), []);
        std::fs::remove_file(&log).unwrap();
    }

    #[test]
    fn a_change_of_user_and_the_tie_are_one_setpriv() {
        let mut service = example("true", std::path::Path::new("/dev/null"));
        assert_eq!(service.words(false), ["sh", "-c", "true"]);
        service.user = Some("postgres".to_owned());
        assert_eq!(
            service.words(false).join(" "),
            "setpriv --reuid=postgres --regid=postgres --init-groups -- sh -c true"
        );
        service.stops_on_interrupt = true;
        assert!(service.words(true).join(" ").contains("--pdeathsig INT --"));
    }
}
