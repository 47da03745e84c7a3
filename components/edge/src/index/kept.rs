//! Connections that an instance keeps for its next statement.
//!
//! The host cleans a connection that it got back before it gives it out again, which costs every statement one more round trip and
//! the server seven statements. Ours leave nothing behind (settings and locks end with their transaction), so the next
//! statement of the same instance can have the connection as it is. It is kept for a moment only, and not where connections are
//! scarce: other instances wait for one without a limit, and what is kept counts as in use.

use crate::deadline::pause;
use spin_sdk::pg::{Connection, Error};
use spin_sdk::wasip3::spawn;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// At most so many, for at most so long. Of 64 that the host has for a component, and fewer for all where it is told so.
const MOST: usize = 2;
const MOMENT: Duration = Duration::from_millis(5);
/// Where the host takes longer to give one, they are scarce.
const WAIT: Duration = Duration::from_millis(5);

static KEPT: Mutex<Kept<Connection>> = Mutex::new(Kept::new());

/// What is kept, each with the address that it leads to.
struct Kept<T> {
    connections: Vec<(String, T)>,
    /// Since when somebody waits to let go of all of them.
    ending: Option<Instant>,
    /// The host's last one was waited for.
    is_scarce: bool,
}

impl<T> Kept<T> {
    const fn new() -> Self {
        Self { connections: Vec::new(), ending: None, is_scarce: false }
    }

    fn take(&mut self, address: &str) -> Option<T> {
        let place = self.connections.iter().rposition(|(known, _)| known == address)?;
        Some(self.connections.swap_remove(place).1)
    }

    /// Keeps one; whether somebody has to be found who lets go of it, and calls [`end`](Self::end) after a moment. Whoever waits for
    /// that goes with their request when the host gives it up.
    fn keep(&mut self, address: String, connection: T, now: Instant) -> bool {
        if self.is_scarce || self.connections.len() >= MOST {
            return false;
        }
        self.connections.push((address, connection));
        let waits = self.ending.is_some_and(|since| now.duration_since(since) < MOMENT * 2);
        if !waits {
            self.ending = Some(now);
        }
        !waits
    }

    fn end(&mut self) {
        self.connections.clear();
        self.ending = None;
    }
}

fn kept<R>(act: impl FnOnce(&mut Kept<Connection>) -> R) -> R {
    act(&mut KEPT.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A connection to an address: one that is kept, or one of the host's.
pub async fn take(address: &str) -> Result<Connection, Error> {
    if let Some(connection) = kept(|kept| kept.take(address)) {
        return Ok(connection);
    }
    let began = Instant::now();
    let opened = Connection::open(address).await;
    kept(|kept| kept.is_scarce = began.elapsed() > WAIT);
    opened
}

/// Keeps a connection whose statement has ended well, for the next one. Whatever else has happened on one, it is the host's to
/// look at.
pub fn keep(address: String, connection: Connection) {
    if kept(|kept| kept.keep(address, connection, Instant::now())) {
        spawn(async {
            pause(MOMENT).await;
            kept(Kept::end);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_kept_for_its_own_address_and_taken_once() {
        let mut kept = Kept::new();
        assert!(kept.keep("one".to_owned(), 1, Instant::now()));
        assert_eq!(kept.take("two"), None);
        assert_eq!(kept.take("one"), Some(1));
        assert_eq!(kept.take("one"), None);
    }

    #[test]
    fn few_are_kept_and_all_end_together() {
        let (mut kept, now) = (Kept::new(), Instant::now());
        let asked: Vec<_> = (0..5).map(|n| kept.keep("one".to_owned(), n, now)).collect();
        assert_eq!(asked, [true, false, false, false, false], "one lets go of all");
        assert_eq!(kept.connections.len(), MOST);
        kept.end();
        assert_eq!(kept.take("one"), None);
        assert!(kept.keep("one".to_owned(), 6, now), "the next one needs somebody again");
    }

    #[test]
    fn none_is_kept_where_they_are_scarce() {
        let mut kept = Kept { is_scarce: true, ..Kept::new() };
        assert!(!kept.keep("one".to_owned(), 1, Instant::now()));
        assert_eq!(kept.take("one"), None);
    }

    #[test]
    fn somebody_else_ends_them_where_whoever_should_have_is_gone() {
        let (mut kept, now) = (Kept::new(), Instant::now());
        assert!(kept.keep("one".to_owned(), 1, now));
        assert_eq!(kept.take("one"), Some(1));
        assert!(!kept.keep("one".to_owned(), 1, now + MOMENT));
        assert!(kept.keep("one".to_owned(), 2, now + MOMENT * 2));
    }
}
