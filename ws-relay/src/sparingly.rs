//! Log lines that callers can cause: at most one each second of a kind, which says how many it stands for.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(1);

/// One kind of line; meant for a `static` beside the place that logs it.
pub struct Sparingly(Mutex<State>);

struct State {
    last: Option<Instant>,
    left_out: u64,
}

impl Sparingly {
    /// Nothing was logged yet.
    pub const fn new() -> Self {
        Self(Mutex::new(State { last: None, left_out: 0 }))
    }

    /// Whether to log: the number of lines that were left out since the last one.
    pub fn permit(&self) -> Option<u64> {
        self.permit_at(Instant::now())
    }

    fn permit_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now.duration_since(last) < PAUSE) {
            state.left_out += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_line_a_second_that_says_how_many() {
        let (lines, start) = (Sparingly::new(), Instant::now());
        assert_eq!(lines.permit_at(start), Some(0));
        assert_eq!((0..5000).filter_map(|_| lines.permit_at(start)).count(), 0);
        assert_eq!(lines.permit_at(start + PAUSE), Some(5000));
        assert_eq!(lines.permit_at(start + PAUSE * 2), Some(0));
    }
}
