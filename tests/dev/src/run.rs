//! Commands that run to their end: builds, installations, the tests.

use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use crate::paths::{last_line, tail};
use crate::progress::Live;
use crate::stop::Stop;

const TICK: Duration = Duration::from_millis(100);

/// Runs a command with its output in `log` and the log's last line on the screen, under the log's name, as others may run
/// beside it. A failure carries the log's end.
pub fn logged(command: &mut Command, log: &Path, stop: &Stop) -> Result<()> {
    let out = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let err = out.try_clone().context("cannot share the log")?;
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let mut live = Live::begin(&log.file_stem().unwrap_or_default().to_string_lossy());
    let status = wait(command, stop, || live.update(&last_line(log)))?;
    match status.success() {
        true => live.done(),
        false => drop(live),
    }
    if !status.success() {
        bail!("{} failed ({status}). The end of {}:\n{}", shown(command), log.display(), tail(log, 60));
    }
    Ok(())
}

/// Runs a command with its output on the screen.
pub fn visible(command: &mut Command, stop: &Stop) -> Result<ExitStatus> {
    watched(command, stop, || ())
}

/// The same, and calls `tick` again and again meanwhile.
pub fn watched(command: &mut Command, stop: &Stop, tick: impl FnMut()) -> Result<ExitStatus> {
    command.stdin(Stdio::null());
    wait(command, stop, tick)
}

/// Runs a short command and returns what it printed.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {}", shown(command)))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed ({}): {}", shown(command), output.status, complaint.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a short command succeeds.
pub fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn wait(command: &mut Command, stop: &Stop, mut tick: impl FnMut()) -> Result<ExitStatus> {
    stop.check()?;
    let mut child = command.spawn().with_context(|| format!("cannot run {}", shown(command)))?;
    loop {
        if let Some(status) = child.try_wait().context("cannot wait for a command")? {
            stop.check()?;
            return Ok(status);
        }
        tick();
        if let Err(interrupted) = stop.pause(TICK) {
            // Ctrl-C reached the child as well, but a SIGTERM was for us alone.
            let _ = kill_process(Pid::from_child(&child), Signal::TERM);
            let _ = child.wait();
            return Err(interrupted);
        }
    }
}

/// A command as the user could type it.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_carries_the_end_of_the_log() {
        let log = std::env::temp_dir().join(format!("dev-run-{}.log", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "echo what went wrong >&2; exit 3"]);
        let error = logged(&mut command, &log, &Stop::default()).unwrap_err().to_string();
        std::fs::remove_file(&log).unwrap();
        assert!(error.contains("what went wrong") && error.contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = output(&mut Command::new("no-such-program")).unwrap_err();
        assert!(format!("{error:#}").contains("no-such-program"));
    }
}
