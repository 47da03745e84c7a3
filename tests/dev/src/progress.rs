//! What the user sees while the stack works: a line per step with the elapsed time, and the last line of
//! whatever takes long. On standard error, so that a command's result on standard output stays clean.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

static START: OnceLock<Instant> = OnceLock::new();

/// Without a terminal, how often a long step says that it is still alive.
const REMINDER: Duration = Duration::from_secs(15);
/// What takes so long is told when it is done.
const WORTH_TELLING: Duration = Duration::from_secs(3);
/// Characters that a line has for what is going on.
const WIDTH: usize = 90;

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
    board().clear();
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

/// How long something took, for people.
pub fn lasted(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// Everything that takes long at the moment.
static BOARD: Mutex<Board> = Mutex::new(Board { tasks: Vec::new(), shown: String::new(), reminded: None });

struct Board {
    tasks: Vec<Task>,
    /// The line on the terminal.
    shown: String,
    /// Without a terminal: when the last reminder was printed.
    reminded: Option<Instant>,
}

struct Task {
    name: String,
    since: Instant,
    text: String,
}

impl Board {
    fn seconds(task: &Task) -> u64 {
        task.since.elapsed().as_secs()
    }

    /// The line of a terminal; several tasks share it.
    fn line(&self) -> String {
        let room = WIDTH / self.tasks.len().max(1);
        let cut = |text: &str, room: usize| text.chars().take(room).collect::<String>();
        match self.tasks.as_slice() {
            [task] => format!("          {:>4} s  {}", Self::seconds(task), cut(&task.text, WIDTH)),
            tasks => {
                let part = |task: &Task| cut(&format!("{}: {}", task.name, task.text), room);
                format!("          {}", tasks.iter().map(part).collect::<Vec<_>>().join(" | "))
            }
        }
    }

    fn show(&mut self) {
        if std::io::stderr().is_terminal() {
            let line = self.line();
            if line != self.shown {
                let _ = write!(std::io::stderr(), "\r\x1b[2K{line}");
                let _ = std::io::stderr().flush();
                self.shown = line;
            }
        } else if self.reminded.get_or_insert_with(Instant::now).elapsed() >= REMINDER {
            for task in &self.tasks {
                let text: String = task.text.chars().take(WIDTH).collect();
                let _ = writeln!(std::io::stderr(), "          {:>4} s  {}: {text}", Self::seconds(task), task.name);
            }
            self.reminded = Some(Instant::now());
        }
    }

    fn clear(&mut self) {
        if !self.shown.is_empty() {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
            self.shown.clear();
        }
    }
}

fn board() -> MutexGuard<'static, Board> {
    BOARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Something that takes long: while it lives, what it does at the moment is shown below the steps.
pub struct Live {
    name: String,
    since: Instant,
}

impl Live {
    /// Begins; nothing is shown yet.
    pub fn begin(name: &str) -> Self {
        let since = Instant::now();
        let mut board = board();
        if board.tasks.is_empty() {
            board.reminded = None;
        }
        board.tasks.push(Task { name: name.to_owned(), since, text: String::new() });
        Self { name: name.to_owned(), since }
    }

    /// Shows `line`: at once on a terminal, now and then elsewhere.
    pub fn update(&mut self, line: &str) {
        let text: String = without_bar(line).chars().filter(|c| !c.is_control()).collect();
        let mut board = board();
        if let Some(task) = board.tasks.iter_mut().find(|task| task.name == self.name) {
            task.text = text;
        }
        board.show();
    }

    /// Ends; says how long it took, if that was long.
    pub fn done(self) {
        let (name, time) = (self.name.clone(), self.since.elapsed());
        drop(self);
        if time >= WORTH_TELLING {
            step(&format!("{name}: done after {}", lasted(time)));
        }
    }
}

/// Cargo's bar is long; what stands behind it tells how much is done, and what is compiled at the moment.
fn without_bar(line: &str) -> &str {
    let line = line.trim().trim_end_matches("\x1b[K");
    match line.strip_prefix("Building [").and_then(|bar| bar.split_once("] ")) {
        Some((_, rest)) => rest.trim(),
        None => line,
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let mut board = board();
        board.tasks.retain(|task| task.name != self.name);
        board.clear();
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
        assert_eq!(
            (lasted(Duration::from_secs(59)), lasted(Duration::from_secs(125))),
            ("59 s".into(), "2 min 5 s".into())
        );
    }

    #[test]
    fn of_cargos_bar_what_is_done_and_what_is_going_on_is_left() {
        assert_eq!(
            without_bar("    Building [=====>   ] 12/34: wasmtime, serde(build)  "),
            "12/34: wasmtime, serde(build)"
        );
        assert_eq!(without_bar("   Compiling serde v1.0.0\n"), "Compiling serde v1.0.0");
    }

    #[test]
    fn what_goes_on_side_by_side_shares_a_line() {
        let task = |name: &str| Task { name: name.to_owned(), since: Instant::now(), text: "x".repeat(200) };
        let mut board = Board { tasks: vec![task("one")], shown: String::new(), reminded: None };
        let alone = board.line();
        board.tasks.push(task("two"));
        let both = board.line();
        assert!(both.contains("one: x") && both.contains(" | two: x"), "{both}");
        assert!(alone.len() <= 120 && both.len() <= 120);
    }
}
