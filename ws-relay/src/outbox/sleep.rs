//! When the publisher sleeps, and who wakes it.
//!
//! A transaction that notifies takes one lock for the whole database until its commit is on disk, so commits of all
//! channels would queue behind each other. Therefore writers notify only a publisher that sleeps. Before it does, it takes
//! the lock [`SLEEPS`] for itself alone; a writer tries to take it beside other writers, and waits for nobody
//! (`messaging.publish`). Who cannot have it notifies. Who can has it until after the commit shows, so the publisher does
//! not get it meanwhile and looks again soon; and once it has got it, it looks once more, because those who wrote without
//! a word have committed by then. Nothing depends on which snapshot a statement has. While nobody has [`LOOKS`], all writers
//! notify: then the publisher is of a version that sleeps without saying so.
//!
//! Under little load the lock is kept between two naps, so that every writer notifies at once. How many there are decides and
//! not how many wait: writers that queue behind each other's commits are never many at once. When nothing else works, there
//! is [`POLL`].

use super::store::Store;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The lock of a publisher that sleeps: "daarionS" as a number. `messaging.publish` has it too.
pub const SLEEPS: i64 = i64::from_be_bytes(*b"daarionS");
/// The lock of a publisher that does as it says here: "daarionL" as a number.
pub const LOOKS: i64 = i64::from_be_bytes(*b"daarionL");
/// The longest sleep: an event that nobody told of is found after this time, for one look a second.
const POLL: Duration = Duration::from_secs(1);
/// While writers are under way that tell nobody, the publisher looks after a pause: from the first to the longest. So much
/// later an event may be found that is committed beside a long transaction, and so often a second it looks meanwhile.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(8));
/// So many events in a [`WINDOW`] make a publisher that need not be told: 50 a second, a fifth of what disks of 4 ms a commit
/// take one by one.
const BUSY: usize = 12;
/// Over how long events are counted.
const WINDOW: Duration = Duration::from_millis(250);

/// The state of the publisher of one session.
#[derive(Debug)]
pub struct Sleep {
    /// Whether it has [`LOOKS`].
    looks: bool,
    /// Whether it has [`SLEEPS`]: writers notify.
    is_told: bool,
    /// How many events were found in the window before this one, and in this one.
    found: (usize, usize),
    /// When this window began.
    since: Instant,
    pause: Duration,
}

impl Sleep {
    /// Of a session that has not looked yet.
    pub fn new() -> Self {
        Self { looks: false, is_told: false, found: (0, 0), since: Instant::now(), pause: PAUSE.0 }
    }

    /// A look has found events: from some load on, writers need not tell of theirs.
    pub async fn found(&mut self, store: &Store, events: usize) -> anyhow::Result<()> {
        let is_busy = self.is_busy(events);
        self.pause = PAUSE.0;
        self.looks = self.looks || store.try_lock(LOOKS).await?;
        if self.is_told && self.looks && is_busy {
            store.unlock(SLEEPS).await?;
            self.is_told = false;
        }
        Ok(())
    }

    /// A look has found nothing, and there is nothing else to do. Returns when the next look is due.
    pub async fn nothing(&mut self, store: &Store) -> anyhow::Result<()> {
        let is_busy = self.is_busy(0);
        self.looks = self.looks || store.try_lock(LOOKS).await?;
        if self.is_told {
            // Whether or not it was woken, the next thing is to look.
            let _ = timeout(POLL, store.notified()).await;
        } else if !(is_busy && self.looks) && store.try_lock(SLEEPS).await? {
            self.is_told = true;
        } else {
            let _ = timeout(self.pause, store.notified()).await;
            self.pause = self.pause.saturating_mul(2).min(PAUSE.1);
        }
        Ok(())
    }

    /// Counts events that were found now, and tells whether there are many.
    fn is_busy(&mut self, events: usize) -> bool {
        let (mut before, mut now) = self.found;
        match self.since.elapsed() {
            fresh if fresh < WINDOW => {}
            past => {
                before = if past < WINDOW * 2 { now } else { 0 };
                now = 0;
                self.since = Instant::now();
            }
        }
        now = now.saturating_add(events);
        self.found = (before, now);
        before.max(now) >= BUSY
    }
}
