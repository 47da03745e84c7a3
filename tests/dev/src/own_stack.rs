//! A stack that a test run has for itself, on free ports and throw-away data.

use std::fs;
use std::path::PathBuf;
use std::process::ExitStatus;

use anyhow::Result;

use crate::args::{Auth, Host, OwnStackArgs, PortArgs};
use crate::compile::Native;
use crate::paths::{Data, Repo};
use crate::process::Identity;
use crate::progress::note;
use crate::running::{Options, Running};
use crate::stack::StackFile;
use crate::stop::Stop;
use crate::{ports, up};

/// In a test folder: its tests failed, and somebody may still want to look at it.
const KEPT: &str = "kept-after-failure";

/// How the stack is to be.
pub struct OwnStack {
    /// What runs the components, if asked for.
    pub host: Option<Host>,
    /// A Spin that is not on the PATH.
    pub spin: Option<PathBuf>,
    /// What to build first, if anything.
    pub build: Option<Native>,
    /// Keep the data and logs of work that succeeded, too.
    pub keep: bool,
    /// How callers say who they are.
    pub auth: Auth,
    /// Whether PostgreSQL waits for the disk.
    pub durable: bool,
}

impl OwnStack {
    /// As it was asked for; `native` is what is built first, unless nothing is.
    pub fn of(args: OwnStackArgs, native: Native) -> Self {
        Self {
            host: args.host,
            spin: args.spin,
            build: (!args.no_build).then_some(native),
            keep: args.keep,
            auth: Auth::Development,
            durable: false,
        }
    }

    /// Brings it up, works against it and takes it down. The data and logs of work that failed are kept.
    pub fn run(
        self,
        repo: &Repo,
        data: &Data,
        stop: &Stop,
        work: impl FnOnce(&mut Running, &StackFile) -> Result<ExitStatus>,
    ) -> Result<ExitStatus> {
        let file = StackFile::at(data.dir.join("stack.json"));
        let options = Options {
            host: self.host,
            spin: self.spin,
            ports: PortArgs { free_ports: true, ..PortArgs::default() },
            data: data.dir.clone(),
            server_name: None,
            auth: self.auth,
            durable: self.durable,
            // For the tests' own receiver.
            webhook_allowed_host: format!("http://127.0.0.1:{}", ports::free(&[])?),
            // Counted, and in nobody's way: few people write here as fast as many.
            rate_limits: "person=1000000/1s, agent=1000000/1s, channel=1000000/1s".to_owned(),
            build: self.build,
            file: file.clone(),
        };
        let mut running = match Running::start(repo, &options, stop) {
            Ok(running) => running,
            Err(error) => {
                if stop.check().is_ok() {
                    keep(data)
                } else {
                    up::delete(&data.dir, &file, stop)?
                }
                return Err(error);
            }
        };
        let status = work(&mut running, &file);
        let dead = running.dead();
        running.take_down(stop);
        for (name, service) in &dead {
            note(&format!("{name} ended during the tests. {}", service.log_end()));
        }
        let failed = !status.as_ref().is_ok_and(ExitStatus::success);
        if failed && stop.check().is_ok() {
            show_errors(data);
            keep(data);
        } else if !self.keep {
            up::delete(&data.dir, &file, stop)?;
        }
        status
    }
}

/// The folder of this run. Those of killed runs are deleted first, and those of failed ones but for the last three.
pub fn data(repo: &Repo, stop: &Stop) -> Result<Data> {
    clean_up(repo, stop);
    Data::create(&repo.dev().join(format!("test-{}", std::process::id())))
}

/// Deletes a folder that holds nothing but logs.
pub fn discard(data: &Data) {
    let _ = fs::remove_dir_all(&data.dir);
}

fn keep(data: &Data) {
    let _ = fs::write(data.dir.join(KEPT), "");
    note(&format!("data and logs are kept in {}", data.dir.display()));
}

/// Prints the last errors of every log.
fn show_errors(data: &Data) {
    let logs = data.dir.join("logs");
    let files = [logs.join("components"), logs].into_iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<PathBuf> = files.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    for path in paths {
        let text = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let errors: Vec<&str> = text.lines().filter(|line| is_error(line)).collect();
        let last = errors.get(errors.len().saturating_sub(10)..).unwrap_or_default();
        if !last.is_empty() {
            note(&format!("\n{} lines with errors in {}; the last {}:", errors.len(), path.display(), last.len()));
        }
        for line in last {
            note(&line.chars().take(400).collect::<String>());
        }
    }
}

/// Whether a line of a log tells of an error, whichever service wrote it.
fn is_error(line: &str) -> bool {
    const SIGNS: [&str; 7] = ["ERROR", "error:", "\"level\":\"error\"", "FATAL", "PANIC", "panicked", "Traceback"];
    // What PostgreSQL calls fatal for a connection when it is stopped or killed, as the suite does.
    const HARMLESS: [&str; 2] = ["terminating connection due to", "the database system is"];
    SIGNS.iter().any(|sign| line.contains(sign)) && !HARMLESS.iter().any(|harmless| line.contains(harmless))
}

/// Deletes what killed test runs left behind, and what failed ones kept, except for the last three.
fn clean_up(repo: &Repo, stop: &Stop) {
    let entries = fs::read_dir(repo.dev()).into_iter().flatten().flatten();
    let over = |entry: &fs::DirEntry| {
        entry.file_name().to_str().and_then(runner).is_some_and(|pid| Identity::of(pid).is_none())
    };
    let (mut kept, mut old): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.filter(over).map(|entry| entry.path()).partition(|path| path.join(KEPT).exists());
    kept.sort_by_key(|path| fs::metadata(path.join(KEPT)).and_then(|marker| marker.modified()).ok());
    old.extend(kept.into_iter().rev().skip(3));
    for path in old {
        let _ = up::delete(&path, &StackFile::at(path.join("stack.json")), stop);
    }
}

/// The process whose test folder has this name.
fn runner(folder: &str) -> Option<u32> {
    folder.strip_prefix("test-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_recognised() {
        assert!(is_error("2026 ERROR synapse"));
        assert!(is_error("thread 'main' panicked at src/main.rs"));
        assert!(is_error(r#"{"level":"error","message":"x"}"#));
        assert!(!is_error("FATAL:  the database system is starting up"));
        assert!(!is_error("all is well"));
    }

    #[test]
    fn a_test_folder_is_named_after_its_process() {
        assert_eq!(runner("test-42"), Some(42));
        assert_eq!(runner("test-data"), None);
        assert_eq!(runner("data"), None);
    }
}
