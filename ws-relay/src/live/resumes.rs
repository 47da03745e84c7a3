//! Reads of the log that are not urgent: for subscriptions that resume, and for channels that were just subscribed to.
//!
//! When a relay stops or a network fails, thousands of sockets resume at once. So few of these reads run at a time, each
//! waits for its turn behind those that came before, whoever needs several pages queues again for each, and sockets that
//! want the same page of the same channel get it from one read. The rest of the pool is left to live sockets and new ones.

use crate::database::Database;
use crate::live::log::{self, LogPage};
use crate::metrics::Metrics;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Connections of the pool that these reads leave alone.
const LEFT: usize = 2;
/// The longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(60);

/// A page of the log, `None` when the channel is gone, or why it could not be read.
pub type Outcome = Result<Option<LogPage>, Arc<str>>;

type Read = Shared<BoxFuture<'static, Outcome>>;
type Twin = WeakShared<BoxFuture<'static, Outcome>>;

/// The channel and the number behind which a page begins.
type Place = (ChannelId, Seq);

/// All reads of this relay that wait for a turn or have it.
pub struct Resumes {
    database: Database,
    turns: Arc<Semaphore>,
    under_way: Mutex<UnderWay>,
    metrics: Arc<Metrics>,
}

/// The reads that somebody waits for. No strong twin of one is ever dropped under the lock, because its end takes it.
#[derive(Default)]
struct UnderWay {
    /// How many there have been.
    count: u64,
    /// Each with a number that tells it from a later one of the same place.
    reads: HashMap<Place, (u64, Twin)>,
}

impl Resumes {
    /// For a pool of `pool` connections.
    pub fn new(database: Database, pool: usize, metrics: Arc<Metrics>) -> Arc<Self> {
        let turns = Arc::new(Semaphore::new((pool.saturating_sub(LEFT) / 2).max(1)));
        Arc::new(Self { database, turns, under_way: Mutex::default(), metrics })
    }

    /// Waits for a turn, which lasts as long as the permit; `None` when it does not come in time.
    pub async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        timeout(PATIENCE, self.turns.clone().acquire_owned()).await.ok()?.ok()
    }

    /// Reads the page behind a number, together with everybody who wants the same one and has not got it yet. Its
    /// snapshot may be a little older than the call: whoever asked first knew already that the channel has come so far.
    pub fn read(self: &Arc<Self>, channel: ChannelId, after: Seq) -> impl Future<Output = Outcome> + use<> {
        let place = (channel, after);
        let mut under_way = self.lock();
        if let Some(read) = under_way.reads.get(&place).and_then(|(_, twin)| twin.upgrade()) {
            self.metrics.resume_reads_shared.inc();
            return read;
        }
        self.metrics.resume_reads.inc();
        under_way.count += 1;
        let number = under_way.count;
        let entry = Entry { resumes: self.clone(), place, number };
        let read: Read = async move {
            let entry = entry;
            entry.resumes.read_alone(entry.place).await
        }
        .boxed()
        .shared();
        // Only a future that has ended has no twin.
        if let Some(twin) = read.downgrade() {
            under_way.reads.insert(place, (number, twin));
        }
        read
    }

    async fn read_alone(&self, (channel, after): Place) -> Outcome {
        let _turn = self.turn().await.ok_or_else(|| Arc::from("its turn did not come in time"))?;
        log::read(&self.database, channel, after).await.map_err(|e| Arc::from(e.to_string()))
    }

    fn lock(&self) -> MutexGuard<'_, UnderWay> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a read off the list when it has ended, or when nobody waits for it any more.
struct Entry {
    resumes: Arc<Resumes>,
    place: Place,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut under_way = self.resumes.lock();
        if under_way.reads.get(&self.place).is_some_and(|(number, _)| *number == self.number) {
            under_way.reads.remove(&self.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const CHANNEL: ChannelId = ChannelId(Uuid::nil());

    /// With a database that is not there, so that every read fails as soon as it has a turn.
    fn resumes(pool: usize) -> Arc<Resumes> {
        let database = Database::new("postgres://nobody@127.0.0.1:1/nothing", 1).unwrap();
        Resumes::new(database, pool, Arc::new(Metrics::default()))
    }

    async fn all_turns(resumes: &Resumes, count: usize) -> Vec<OwnedSemaphorePermit> {
        let mut turns = Vec::new();
        for _ in 0..count {
            turns.push(resumes.turn().await.unwrap());
        }
        turns
    }

    #[test]
    fn part_of_the_pool_is_left_to_others() {
        let turns = |pool| resumes(pool).turns.available_permits();
        assert_eq!([1, 2, 4, 8, 16].map(turns), [1, 1, 1, 3, 7]);
    }

    #[tokio::test]
    async fn whoever_wants_the_same_page_gets_it_from_one_read() {
        let resumes = resumes(8);
        let turns = all_turns(&resumes, 3).await;
        let same: Vec<_> = (0..100).map(|_| resumes.read(CHANNEL, 4)).collect();
        let other = resumes.read(CHANNEL, 5);
        assert_eq!((resumes.metrics.resume_reads.get(), resumes.metrics.resume_reads_shared.get()), (2, 99));
        drop(turns);
        for read in same {
            assert!(read.await.is_err());
        }
        assert!(other.await.is_err());
        assert!(resumes.lock().reads.is_empty());
        // What has ended is not given to those who come later.
        assert!(resumes.read(CHANNEL, 4).await.is_err());
        assert_eq!(resumes.metrics.resume_reads.get(), 3);
    }

    #[tokio::test]
    async fn a_read_for_which_nobody_waits_any_more_gives_its_place_up() {
        let resumes = resumes(8);
        let turns = all_turns(&resumes, 3).await;
        let left: Vec<_> = (0..10).map(|after| tokio::spawn(resumes.read(CHANNEL, after))).collect();
        tokio::task::yield_now().await;
        assert_eq!(resumes.lock().reads.len(), 10);
        for read in left {
            read.abort();
            assert!(read.await.is_err());
        }
        assert!(resumes.lock().reads.is_empty());
        drop(turns);
        assert_eq!(all_turns(&resumes, 3).await.len(), 3);
    }
}
