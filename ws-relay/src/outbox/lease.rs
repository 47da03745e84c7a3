//! How long a publisher may take it that it still is the one.
//!
//! A process that stands still for a while loses its session with the database, and with it the publisher's lock. When it
//! goes on it must not send what it had in its hands: another relay has published since, in another generation perhaps.

use anyhow::ensure;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// Shorter than the time after which the server ends a session that gives no sign of life.
const LENGTH: Duration = Duration::from_secs(20);

/// Lasts from each answer of the database, counted from its question.
pub struct Lease(Mutex<Instant>);

impl Lease {
    /// Begins now.
    pub fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// The database has answered what it was asked at `asked`.
    pub fn renew(&self, asked: Instant) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = asked.max(*last);
    }

    /// Fails when it is over.
    pub fn check(&self) -> anyhow::Result<()> {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(last.elapsed() < LENGTH, "the database has not answered for a while, so another relay may publish");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_the_database_has_not_answered_for_long() {
        let lease = Lease::new();
        assert!(lease.check().is_ok());
        let long_ago = Instant::now().checked_sub(LENGTH).unwrap();
        *lease.0.lock().unwrap() = long_ago;
        assert!(lease.check().is_err());
        lease.renew(Instant::now());
        lease.renew(long_ago);
        assert!(lease.check().is_ok());
    }
}
