//! How much a client may ask for.

use std::time::{Duration, Instant};

/// One token for each thing that a client may ask for.
pub struct TokenBucket {
    tokens: u32,
    burst: u32,
    /// A token comes back after this time.
    refill: Duration,
    since: Instant,
}

impl TokenBucket {
    /// A full bucket of `burst` tokens; `per_second` of them, 1 to 1,000, come back each second.
    pub fn new(burst: u32, per_second: u32, now: Instant) -> Self {
        let refill = Duration::from_millis(1000 / u64::from(per_second.clamp(1, 1000)));
        Self { tokens: burst, burst, refill, since: now }
    }

    /// Takes a token; `false` when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let earned = now.duration_since(self.since).as_millis() / self.refill.as_millis();
        if earned > 0 {
            let earned = u32::try_from(earned).unwrap_or(self.burst);
            self.tokens = self.tokens.saturating_add(earned).min(self.burst);
            self.since = now;
        }
        match self.tokens.checked_sub(1) {
            Some(tokens) => {
                self.tokens = tokens;
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
        let mut bucket = TokenBucket::new(100, 20, start);
        assert_eq!((0..1000).filter(|_| bucket.take(start)).count(), 100);
        assert_eq!((0..1000).filter(|_| bucket.take(start + Duration::from_secs(1))).count(), 20);
        assert_eq!((0..1000).filter(|_| bucket.take(start + Duration::from_secs(3600))).count(), 100);
    }
}
