//! The wish to stop (Ctrl-C, SIGTERM, a closed terminal), and waiting that it cuts short.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How often a stop was asked for; a second time means "at once".
#[derive(Clone, Default)]
pub struct Stop {
    asked: Arc<(Mutex<u32>, Condvar)>,
    /// Whether what goes on beside this, or beside what this is a part of, has failed.
    given_up: Vec<Arc<AtomicBool>>,
}

/// The error that ends a command whose user asked to stop.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped on request")
    }
}

impl std::error::Error for Interrupted {}

impl Stop {
    /// Starts to listen for signals; from here on they no longer end the process by themselves.
    pub fn listen() -> Result<Self> {
        let stop = Self::default();
        let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot listen for signals")?;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if !ignores_hangup(&status) {
            signals.add_signal(SIGHUP).context("cannot listen for signals")?;
        }
        let ours = stop.clone();
        std::thread::spawn(move || {
            for _ in signals.forever() {
                ours.request();
            }
        });
        Ok(stop)
    }

    fn request(&self) {
        let (count, changed) = &*self.asked;
        *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        changed.notify_all();
    }

    /// How often a stop was asked for so far.
    pub fn count(&self) -> u32 {
        *self.asked.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `time` or until a stop is asked for beyond the first `known` ones.
    pub fn pause_beyond(&self, known: u32, time: Duration) {
        let (count, changed) = &*self.asked;
        let guard = count.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_timeout_while(guard, time, |count| *count <= known));
    }

    /// Waits for `time`; an error as soon as a stop is asked for.
    pub fn pause(&self, time: Duration) -> Result<()> {
        self.pause_beyond(0, time);
        self.check()
    }

    /// An error if a stop was asked for.
    pub fn check(&self) -> Result<()> {
        let is_given_up = self.given_up.iter().any(|given_up| given_up.load(Ordering::Relaxed));
        if self.count() > 0 || is_given_up { Err(Interrupted.into()) } else { Ok(()) }
    }

    /// Does both at once, the second on this thread. As soon as one fails, the other ends where it would end on a stop.
    pub fn both<A: Send, B: Send>(
        &self,
        one: impl FnOnce(&Self) -> Result<A> + Send,
        other: impl FnOnce(&Self) -> Result<B> + Send,
    ) -> Result<(A, B)> {
        let failed = Arc::new(AtomicBool::new(false));
        let mut ours = self.clone();
        ours.given_up.push(failed.clone());
        let give_up = || failed.store(true, Ordering::Relaxed);
        let (one, other) = std::thread::scope(|scope| {
            let one = scope.spawn(|| one(&ours).inspect_err(|_| give_up()));
            let other = other(&ours).inspect_err(|_| give_up());
            (one.join(), other)
        });
        let one = one.unwrap_or_else(|_| Err(anyhow!("a part of this program failed")));
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            // The one that has failed, not the one that has ended because of it.
            (Err(first), Err(second)) => Err(if first.is::<Interrupted>() { second } else { first }),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        }
    }
}

/// Whether SIGHUP was ignored when this program started, as under `nohup`: then it is to outlive its terminal.
fn ignores_hangup(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 << (SIGHUP - 1) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn nohup_is_noticed() {
        assert!(ignores_hangup("Name:\tdev\nSigIgn:\t0000000000001001\n"));
        assert!(!ignores_hangup("Name:\tdev\nSigIgn:\t0000000000001000\n"));
        assert!(!ignores_hangup(""));
    }

    #[test]
    fn of_two_things_at_once_the_first_failure_ends_the_other_and_is_told() {
        let stop = Stop::default();
        let wait = |stop: &Stop| stop.pause(Duration::from_secs(20));
        let start = Instant::now();
        for error in [
            stop.both(
                |_| Err::<(), _>(anyhow!("broken")),
                |stop| (0..200).try_for_each(|_| stop.pause(Duration::from_millis(50))),
            ),
            stop.both(
                |stop| (0..200).try_for_each(|_| stop.pause(Duration::from_millis(50))),
                |_| Err(anyhow!("broken")),
            ),
        ] {
            assert_eq!(error.unwrap_err().to_string(), "broken");
        }
        assert!(start.elapsed() < Duration::from_secs(10));
        // Nor do parts of the other go on.
        let parts = |stop: &Stop| {
            let waits = |stop: &Stop| (0..200).try_for_each(|_| stop.pause(Duration::from_millis(50)));
            stop.both(waits, waits)
        };
        assert_eq!(stop.both(parts, |_| Err::<(), _>(anyhow!("broken"))).unwrap_err().to_string(), "broken");
        assert!(start.elapsed() < Duration::from_secs(10));
        // What comes after is not ended by it.
        assert!(stop.check().is_ok());
        assert_eq!(stop.both(|_| Ok(1), |_| Ok("two")).unwrap(), (1, "two"));
        let other = stop.clone();
        other.request();
        assert!(stop.both(wait, |_| Ok(())).unwrap_err().is::<Interrupted>());
    }

    #[test]
    fn a_request_ends_the_wait() {
        let stop = Stop::default();
        let other = stop.clone();
        let asking = std::thread::spawn(move || other.request());
        let start = Instant::now();
        assert!(stop.pause(Duration::from_secs(20)).is_err());
        assert!(start.elapsed() < Duration::from_secs(10));
        asking.join().unwrap();
        assert!(stop.check().unwrap_err().is::<Interrupted>());
    }
}
