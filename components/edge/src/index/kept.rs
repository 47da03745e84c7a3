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

/// At most so many, for at most so long between two statements. The host has 64 for a component, and may be told to have fewer for
/// all of them.
const MOST: usize = 2;
const MOMENT: Duration = Duration::from_millis(5);
/// From then on it is another instance's turn.
const TURN: Duration = Duration::from_millis(50);
/// Where the host takes longer to give one, they are scarce.
const WAIT: Duration = Duration::from_millis(5);

static KEPT: Mutex<Kept<Connection>> = Mutex::new(Kept::new());

/// A connection out of the host's pool.
pub struct Held<T> {
    address: String,
    /// The connection.
    pub connection: T,
    /// Since when this instance has it.
    since: Instant,
}

/// What is kept.
struct Kept<T> {
    connections: Vec<Held<T>>,
    /// Since when somebody waits to let go of all of them.
    ending: Option<Instant>,
    /// The host was slow to give the last one, gave none, or has still to give it.
    is_scarce: bool,
}

impl<T> Kept<T> {
    const fn new() -> Self {
        Self { connections: Vec::new(), ending: None, is_scarce: false }
    }

    fn take(&mut self, address: &str) -> Option<Held<T>> {
        let place = self.connections.iter().rposition(|held| held.address == address)?;
        Some(self.connections.swap_remove(place))
    }

    /// Keeps one; whether somebody has to be found who lets go of it, and calls [`end`](Self::end) after a moment. Whoever waits for
    /// that goes with their request when the host gives it up.
    fn keep(&mut self, held: Held<T>, now: Instant) -> bool {
        if self.is_scarce || self.connections.len() >= MOST || now.duration_since(held.since) > TURN {
            return false;
        }
        self.connections.push(held);
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
pub async fn take(address: String) -> Result<Held<Connection>, Error> {
    if let Some(held) = kept(|kept| kept.take(&address)) {
        return Ok(held);
    }
    let began = Instant::now();
    // Also while it is waited for, and where the wait is given up.
    kept(|kept| kept.is_scarce = true);
    let opened = Connection::open(address.clone()).await;
    kept(|kept| kept.is_scarce = opened.is_err() || began.elapsed() > WAIT);
    Ok(Held { address, connection: opened?, since: Instant::now() })
}

/// Keeps a connection whose statement has ended well, for the next one. Whatever else has happened on one, it is the host's to
/// look at.
pub fn keep(held: Held<Connection>) {
    if kept(|kept| kept.keep(held, Instant::now())) {
        spawn(async {
            pause(MOMENT).await;
            kept(Kept::end);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(number: u32, since: Instant) -> Held<u32> {
        Held { address: "one".to_owned(), connection: number, since }
    }

    fn taken(kept: &mut Kept<u32>, address: &str) -> Option<u32> {
        kept.take(address).map(|held| held.connection)
    }

    #[test]
    fn a_connection_is_kept_for_its_own_address_and_taken_once() {
        let (mut kept, now) = (Kept::new(), Instant::now());
        assert!(kept.keep(held(1, now), now));
        assert_eq!(taken(&mut kept, "two"), None);
        assert_eq!(taken(&mut kept, "one"), Some(1));
        assert_eq!(taken(&mut kept, "one"), None);
    }

    #[test]
    fn few_are_kept_and_all_end_together() {
        let (mut kept, now) = (Kept::new(), Instant::now());
        let asked: Vec<_> = (0..5).map(|n| kept.keep(held(n, now), now)).collect();
        assert_eq!(asked, [true, false, false, false, false], "one lets go of all");
        assert_eq!(kept.connections.len(), MOST);
        kept.end();
        assert_eq!(taken(&mut kept, "one"), None);
        assert!(kept.keep(held(6, now), now), "the next one needs somebody again");
    }

    #[test]
    fn none_is_kept_where_they_are_scarce_or_when_its_turn_is_over() {
        let (mut kept, now) = (Kept { is_scarce: true, ..Kept::new() }, Instant::now());
        assert!(!kept.keep(held(1, now), now));
        kept.is_scarce = false;
        assert!(!kept.keep(held(1, now), now + TURN + MOMENT));
        assert_eq!(taken(&mut kept, "one"), None);
    }

    #[test]
    fn somebody_else_ends_them_where_whoever_should_have_is_gone() {
        let (mut kept, now) = (Kept::new(), Instant::now());
        assert!(kept.keep(held(1, now), now));
        assert_eq!(taken(&mut kept, "one"), Some(1));
        assert!(!kept.keep(held(1, now), now + MOMENT));
        assert!(kept.keep(held(2, now), now + MOMENT * 2));
    }
}
