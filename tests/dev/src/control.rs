//! The commands on a stack that runs: down, status, logs, start, stop, restart.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;

use crate::args::{ServiceArgs, StackArg};
use crate::paths::{Repo, tail};
use crate::process::Identity;
use crate::progress::{say, step};
use crate::running::stop_leftovers;
use crate::service::{Name, Service};
use crate::stack::{Stack, StackFile};
use crate::stop::Stop;

/// The stack file that is meant.
pub fn file(repo: &Repo, arg: StackArg) -> StackFile {
    let named = arg.path.or_else(|| std::env::var_os("STACK_JSON").filter(|path| !path.is_empty()).map(PathBuf::from));
    StackFile::at(named.unwrap_or_else(|| repo.dev().join("stack.json")))
}

fn load(file: &StackFile) -> Result<Stack> {
    file.load()?.with_context(|| format!("no stack is running ({} does not exist)", file.path().display()))
}

/// `cargo dev down`.
pub fn down(repo: &Repo, arg: StackArg, stop: &Stop) -> Result<()> {
    let file = file(repo, arg);
    let Some(stack) = file.load_any()? else {
        say("nothing is running");
        return Ok(());
    };
    if let Some(supervisor) = stack.supervisor.filter(|process| process.alive()) {
        step(&format!("asking process {} to stop the stack", supervisor.pid));
        supervisor.signal(Signal::TERM, false);
        if !supervisor.wait_gone(Duration::from_secs(60), stop) {
            bail!("process {} does not end; kill it, then run this again", supervisor.pid);
        }
    }
    stop_leftovers(&file, stop)?;
    say("stopped");
    Ok(())
}

/// `cargo dev status`.
pub fn status(repo: &Repo, arg: StackArg) -> Result<()> {
    let file = file(repo, arg);
    let Some(stack) = file.load_any()? else {
        say("nothing is running");
        return Ok(());
    };
    let state = match (stack.supervisor.is_some_and(Identity::alive), file.is_ready()) {
        (true, true) => "running",
        (true, false) => "starting",
        (false, _) => "left over from a killed `cargo dev`",
    };
    say(&format!("{state}, components run by {}, data in {}", stack.host, stack.data.display()));
    say(&format!("{:<10} {:>8}  {:<10} {}", "SERVICE", "PID", "STATE", "ADDRESS"));
    for (name, service) in &stack.services {
        let (pid, reason) = describe(service);
        say(&format!("{name:<10} {pid:>8}  {:<10} {}{reason}", state_of(service, &reason), service.address));
    }
    Ok(())
}

fn describe(service: &Service) -> (String, String) {
    match service.process.filter(|process| process.alive()) {
        Some(process) => {
            (process.pid.to_string(), service.ready.check().err().map_or_else(String::new, |why| format!("  ({why})")))
        }
        None => ("-".to_owned(), String::new()),
    }
}

fn state_of(service: &Service, reason: &str) -> &'static str {
    match (service.alive(), service.stopped, reason.is_empty()) {
        (true, _, true) => "ready",
        (true, _, false) => "not ready",
        (false, true, _) => "stopped",
        (false, false, _) => "ended",
    }
}

/// `cargo dev logs`.
pub fn logs(repo: &Repo, name: Name, follow: bool, lines: usize, arg: StackArg, stop: &Stop) -> Result<()> {
    let file = file(repo, arg);
    let stack = file.load_any()?.context("no stack is running")?;
    let path = &stack.services.get(&name).with_context(|| format!("{name} was not started yet"))?.log;
    let mut log = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    say(&tail(path, lines));
    log.seek(SeekFrom::End(0)).context("cannot read the log")?;
    while follow && stop.pause(Duration::from_millis(200)).is_ok() {
        let mut more = Vec::new();
        log.read_to_end(&mut more).context("cannot read the log")?;
        // A reader that went away (`| head`) ends it.
        let mut out = std::io::stdout();
        if out.write_all(&more).and_then(|()| out.flush()).is_err() {
            break;
        }
    }
    Ok(())
}

/// What to do to one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Start it, if it does not run.
    Start,
    /// Stop it, if it runs.
    Stop,
    /// Both.
    Restart,
}

/// `cargo dev start`, `stop` and `restart`.
pub fn change(repo: &Repo, change: Change, args: ServiceArgs, stop: &Stop) -> Result<()> {
    let file = file(repo, args.stack);
    let guard = file.lock()?;
    let name = args.service;
    let stack = load(&file)?;
    let mut service = stack.services.get(&name).with_context(|| format!("{name} is not part of the stack"))?.clone();
    if change != Change::Start {
        // Written first, so that nobody takes the end for a failure.
        service.stopped = true;
        file.update(name, &service)?;
        if args.kill { service.kill(stop) } else { service.stop(stop) }
    }
    if change == Change::Stop {
        say(&format!("{name} stopped"));
        return Ok(());
    }
    if service.alive() {
        // A start that has given up waiting left it on record as stopped.
        service.stopped = false;
        file.update(name, &service)?;
        say(&format!("{name} runs already"));
        return Ok(());
    }
    start(&file, guard, name, &mut service, args.no_wait, stop)?;
    say(&format!("{name} runs as process {}", service.process.map_or(0, |process| process.pid)));
    Ok(())
}

/// Starts a service and waits until it is ready. The stack is not locked meanwhile: what the service waits for may have died,
/// and has to be started again.
fn start(file: &StackFile, guard: File, name: Name, service: &mut Service, no_wait: bool, stop: &Stop) -> Result<()> {
    // PostgreSQL refuses while the children of a killed server are still ending, so it gets more than one try.
    let tries = if name == Name::Postgres { 10 } else { 1 };
    let mut guard = Some(guard);
    for left in (0..tries).rev() {
        let locked = guard.take().map_or_else(|| file.lock(), Ok)?;
        service.spawn(false)?;
        // Still on record as stopped, so that a failed try is no failure of the stack.
        service.stopped = !no_wait;
        file.update(name, service)?;
        drop(locked);
        if no_wait {
            return Ok(());
        }
        match service.wait_ready(name, Duration::from_secs(120), stop) {
            Ok(()) => break,
            Err(error) if left == 0 || service.alive() => return Err(error),
            Err(_) => stop.pause(Duration::from_millis(500))?,
        }
    }
    let _locked = file.lock()?;
    let now = load(file)?.services.get(&name).and_then(|now| now.process);
    ensure!(now == service.process, "{name} was stopped or started by somebody else meanwhile");
    service.stopped = false;
    file.update(name, service)
}
