//! How many messages a client may send.

use messaging_core::socket::{CLIENT_MESSAGE_BURST, CLIENT_MESSAGES_PER_SECOND};
use std::time::{Duration, Instant};

/// A token comes back after this time.
const REFILL: Duration = Duration::from_millis(1000 / CLIENT_MESSAGES_PER_SECOND as u64);

/// One token per message that a client may send, of any kind.
pub struct TokenBucket {
    tokens: u32,
    since: Instant,
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(now: Instant) -> Self {
        Self { tokens: CLIENT_MESSAGE_BURST, since: now }
    }

    /// Takes a token; `false` when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let earned = now.duration_since(self.since).as_millis() / REFILL.as_millis();
        if earned > 0 {
            let earned = u32::try_from(earned).unwrap_or(CLIENT_MESSAGE_BURST);
            self.tokens = self.tokens.saturating_add(earned).min(CLIENT_MESSAGE_BURST);
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
        let mut bucket = TokenBucket::new(start);
        assert_eq!((0..1000).filter(|_| bucket.take(start)).count(), 100);
        assert_eq!((0..1000).filter(|_| bucket.take(start + Duration::from_secs(1))).count(), 20);
        assert_eq!((0..1000).filter(|_| bucket.take(start + Duration::from_secs(3600))).count(), 100);
    }
}
