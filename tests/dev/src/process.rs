//! Processes by identity: a process id alone may belong to somebody else tomorrow, so it is always kept with the
//! process's start time.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::stop::Stop;

/// A process that can be told from a later one with the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The process id.
    pub pid: u32,
    /// Clock ticks between the machine's start and the process's, as in `/proc/<pid>/stat`.
    pub start_time: u64,
}

impl Identity {
    /// The process that has this id now.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let stat = parse_stat(&stat)?;
        // A zombie runs nothing and holds nothing; it only waits for its parent. But one whose other threads are still
        // ending holds all that it had, its ports too.
        let is_gone = matches!(stat.state, 'Z' | 'X') && stat.threads <= 1;
        (!is_gone).then_some(Self { pid, start_time: stat.start_time })
    }

    /// This process.
    pub fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// Whether it still runs.
    pub fn alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Sends a signal, to its whole process group if asked; nothing happens when it is gone.
    pub fn signal(self, signal: Signal, group: bool) {
        let Some(pid) = i32::try_from(self.pid).ok().and_then(Pid::from_raw) else { return };
        if self.alive() {
            let _ = if group { kill_process_group(pid, signal) } else { kill_process(pid, signal) };
        }
    }

    /// Waits until it is gone. Gives up after `limit`, or when the user asks again to stop.
    pub fn wait_gone(self, limit: Duration, stop: &Stop) -> bool {
        let (deadline, asked) = (Instant::now() + limit, stop.count());
        while self.alive() {
            if Instant::now() > deadline || stop.count() > asked {
                return false;
            }
            stop.pause_beyond(asked, Duration::from_millis(20));
        }
        true
    }
}

/// The processes of the group `pgid` that have `marker` in their environment. A group outlives its first process: a
/// killed `spin up` leaves the process that it started for the trigger.
pub fn group(pgid: u32, marker: &str) -> Vec<Identity> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let ours = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
        let marked = environ.split(|&byte| byte == 0).any(|entry| entry == marker.as_bytes());
        (marked && group_of(&stat) == Some(pgid)).then_some(pid)
    };
    pids.filter_map(ours).filter_map(Identity::of).collect()
}

/// The process group from `/proc/<pid>/stat`: field 5.
fn group_of(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(2)?.parse().ok()
}

/// What is asked of `/proc/<pid>/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    threads: u64,
    start_time: u64,
}

/// Reads fields 3, 20 and 22. The name in parentheses may itself hold blanks and parentheses.
fn parse_stat(stat: &str) -> Option<Stat> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let threads = fields.nth(16)?.parse().ok()?;
    let start_time = fields.nth(1)?.parse().ok()?;
    Some(Stat { state, threads, start_time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    #[test]
    fn the_fields_are_counted_behind_the_name() {
        let stat = "17 (a) b) S 1 17 17 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 4 0 98765 1000 2 3";
        assert_eq!(parse_stat(stat), Some(Stat { state: 'S', threads: 4, start_time: 98765 }));
        assert_eq!(parse_stat("17 (cut"), None);
        assert_eq!(group_of("17 (a) b) S 1 16 17 0 -1"), Some(16));
    }

    #[test]
    fn a_process_whose_first_thread_alone_has_ended_is_not_gone() {
        // Only the thread that calls it ends by this system call.
        let ends_its_first_thread = if cfg!(target_arch = "x86_64") { 60 } else { 93 };
        let program = format!(
            "import ctypes, threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n\
             ctypes.CDLL(None).syscall({ends_its_first_thread}, 0)"
        );
        let mut child = Command::new("python3").args(["-c", &program]).process_group(0).spawn().unwrap();
        let state = || parse_stat(&fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap()).unwrap().state;
        let deadline = Instant::now() + Duration::from_secs(20);
        while state() != 'Z' && Instant::now() < deadline {
            Stop::default().pause_beyond(0, Duration::from_millis(20));
        }
        assert_eq!(state(), 'Z');
        let identity = Identity::of(child.id()).expect("its other thread still runs");
        identity.signal(Signal::KILL, true);
        assert!(identity.wait_gone(Duration::from_secs(10), &Stop::default()));
        child.wait().unwrap();
    }

    #[test]
    fn an_identity_ends_with_its_process() {
        let mut child = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let identity = Identity::of(child.id()).unwrap();
        assert!(identity.alive());
        let another = Identity { start_time: identity.start_time + 1, ..identity };
        another.signal(Signal::KILL, true);
        assert!(!another.alive() && identity.alive());
        identity.signal(Signal::KILL, true);
        // A zombie, as nobody has waited for it yet.
        assert!(identity.wait_gone(Duration::from_secs(10), &Stop::default()));
        child.wait().unwrap();
    }
}
