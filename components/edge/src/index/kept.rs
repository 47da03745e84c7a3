//! Connections that an instance keeps for its next statement.
//!
//! The host cleans a connection that it got back before it gives it out again, which costs every statement one more round trip and
//! the server seven statements. Ours leave nothing behind (settings and locks end with their transaction), so the next
//! statement of the same instance can have the connection as it is. It is kept for a moment only: whoever waits for something
//! else holds none back from other instances, whose requests wait for one without a limit.

use crate::deadline::pause;
use spin_sdk::pg::{Connection, Error};
use spin_sdk::wasip3::spawn;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// At most so many, for at most so long. Of 64 that the host has for a component.
const MOST: usize = 2;
const MOMENT: Duration = Duration::from_millis(50);

static KEPT: Mutex<Kept<Connection>> = Mutex::new(Kept::new());

/// What is kept, each with the address that it leads to.
struct Kept<T> {
    connections: Vec<(String, T)>,
    /// Somebody will let go of all of them.
    is_ending: bool,
}

impl<T> Kept<T> {
    const fn new() -> Self {
        Self { connections: Vec::new(), is_ending: false }
    }

    fn take(&mut self, address: &str) -> Option<T> {
        let place = self.connections.iter().rposition(|(known, _)| known == address)?;
        Some(self.connections.swap_remove(place).1)
    }

    /// Keeps one; whether somebody has to be found who lets go of it, and calls [`end`](Self::end) then.
    fn keep(&mut self, address: String, connection: T) -> bool {
        if self.connections.len() >= MOST {
            return false;
        }
        self.connections.push((address, connection));
        !std::mem::replace(&mut self.is_ending, true)
    }

    fn end(&mut self) {
        self.connections.clear();
        self.is_ending = false;
    }
}

fn kept<R>(act: impl FnOnce(&mut Kept<Connection>) -> R) -> R {
    act(&mut KEPT.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A connection to an address: one that is kept, or one of the host's.
pub async fn take(address: &str) -> Result<Connection, Error> {
    match kept(|kept| kept.take(address)) {
        Some(connection) => Ok(connection),
        None => Connection::open(address).await,
    }
}

/// Keeps a connection whose statement has ended well, for the next one. Whatever else has happened on one, it is the host's to
/// look at.
pub fn keep(address: String, connection: Connection) {
    if kept(|kept| kept.keep(address, connection)) {
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
        assert!(kept.keep("one".to_owned(), 1));
        assert_eq!(kept.take("two"), None);
        assert_eq!(kept.take("one"), Some(1));
        assert_eq!(kept.take("one"), None);
    }

    #[test]
    fn few_are_kept_and_all_end_together() {
        let mut kept = Kept::new();
        let asked: Vec<_> = (0..5).map(|n| kept.keep("one".to_owned(), n)).collect();
        assert_eq!(asked, [true, false, false, false, false], "one lets go of all");
        assert_eq!(kept.connections.len(), MOST);
        kept.end();
        assert_eq!(kept.take("one"), None);
        assert!(kept.keep("one".to_owned(), 6), "the next one needs somebody again");
    }
}
