//! What clients may say, and how much of it.

use std::time::{Duration, Instant};

/// The largest message of a client, in bytes.
pub const MESSAGE: usize = 64 * 1024;

/// Messages at once, and one more per this time.
const BURST: u32 = 100;
const REFILL: Duration = Duration::from_millis(50);

/// A client's allowance of messages of any kind.
pub struct Budget {
    left: u32,
    since: Instant,
}

impl Budget {
    /// A full one.
    pub fn new(now: Instant) -> Self {
        Self { left: BURST, since: now }
    }

    /// Takes one message from it; `false` when it is used up.
    pub fn take(&mut self, now: Instant) -> bool {
        let earned = now.duration_since(self.since).as_millis() / REFILL.as_millis();
        if earned > 0 {
            self.left = self.left.saturating_add(u32::try_from(earned).unwrap_or(BURST)).min(BURST);
            self.since = now;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_a_flood_is_not() {
        let start = Instant::now();
        let mut budget = Budget::new(start);
        assert_eq!((0..1000).filter(|_| budget.take(start)).count(), 100);
        assert_eq!((0..1000).filter(|_| budget.take(start + Duration::from_secs(1))).count(), 20);
        assert_eq!((0..1000).filter(|_| budget.take(start + Duration::from_secs(3600))).count(), 100);
    }
}
