//! What the user sees while the stack works: a line per step with the elapsed time, and the last line of
//! whatever takes long. On standard error, so that a command's result on standard output stays clean.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

static START: OnceLock<Instant> = OnceLock::new();

/// Without a terminal, how often a long step says that it is still alive.
const REMINDER: Duration = Duration::from_secs(15);

fn elapsed() -> Duration {
    START.get_or_init(Instant::now).elapsed()
}

/// Starts the clock of the steps.
pub fn start() {
    elapsed();
}

/// Prints a line to standard output; a reader that went away is no error of ours.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line to standard error as it is.
pub fn note(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Announces a step.
pub fn step(text: &str) {
    note(&format!("[{}] {text}", clock(elapsed())));
}

fn clock(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    format!("{:>3}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// The changing line below a step that takes long.
pub struct Live {
    since: Instant,
    last: Instant,
    shown: String,
    terminal: bool,
}

impl Live {
    /// Begins; nothing is shown yet.
    pub fn begin() -> Self {
        let now = Instant::now();
        Self { since: now, last: now, shown: String::new(), terminal: std::io::stderr().is_terminal() }
    }

    /// Shows `line`: at once on a terminal, now and then elsewhere.
    pub fn update(&mut self, line: &str) {
        let text: String = line.trim().chars().filter(|c| !c.is_control()).take(90).collect();
        if self.terminal {
            let shown = format!("          {:>4} s  {text}", self.since.elapsed().as_secs());
            if shown != self.shown {
                let _ = write!(std::io::stderr(), "\r\x1b[2K{shown}");
                let _ = std::io::stderr().flush();
                self.shown = shown;
            }
        } else if self.last.elapsed() >= REMINDER {
            note(&format!("          {:>4} s  {text}", self.since.elapsed().as_secs()));
            self.last = Instant::now();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if !self.shown.is_empty() {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_shows_minutes_and_tenths() {
        assert_eq!(clock(Duration::from_millis(3_240)), "  0:03.2");
        assert_eq!(clock(Duration::from_millis(59_999)), "  0:59.9");
        assert_eq!(clock(Duration::from_millis(754_000)), " 12:34.0");
    }
}
