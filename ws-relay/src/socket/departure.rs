//! How sockets leave a relay that stops: in turn, and each with another wait before it comes back, so that the relays
//! that take them get a steady stream of clients instead of all at once.

use crate::live::subscriber::{Cut, SocketId};
use messaging_core::socket::CloseCode;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Sockets that are closed in a second.
const CLOSES: f64 = 1_000.0;
/// Clients that come back in a second.
const RETURNS: f64 = 500.0;
/// The bounds of the longest wait that a client is asked for.
const WAIT: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// The longest wait after the relay has closed a socket for another reason.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// The end of all sockets.
pub struct Departure {
    shutdown: CancellationToken,
    /// The last socket is closed after this time at the latest. Behind that there has to be time for its client to answer.
    longest_turn: Duration,
    is_announced: AtomicBool,
    /// How many sockets were open when it began.
    sockets: AtomicU64,
    /// Those that are open, and what ends each.
    open: Mutex<HashMap<SocketId, Cut>>,
}

impl Departure {
    /// The relay goes on until `shutdown`; then its sockets are closed within `longest_turn`.
    pub fn new(shutdown: CancellationToken, longest_turn: Duration) -> Self {
        let (is_announced, sockets, open) = (AtomicBool::new(false), AtomicU64::new(0), Mutex::default());
        Self { shutdown, longest_turn, is_announced, sockets, open }
    }

    /// The relay will stop: nobody shall be sent to it any more.
    pub fn announce(&self) {
        self.is_announced.store(true, Ordering::Relaxed);
    }

    /// Whether it will, or does.
    pub fn is_announced(&self) -> bool {
        self.is_announced.load(Ordering::Relaxed) || self.shutdown.is_cancelled()
    }

    /// Stops the relay, which has this many sockets.
    pub fn begin(&self, sockets: i64) {
        self.sockets.store(u64::try_from(sockets).unwrap_or(0), Ordering::Relaxed);
        self.shutdown.cancel();
    }

    /// Takes note of a socket, which is closed at once when the relay stops already.
    pub fn enter(&self, socket: SocketId, cut: Cut) {
        let mut open = self.lock();
        // Looked at under the lock, under which those are taken that are closed in turn.
        match self.shutdown.is_cancelled() {
            true => cut.now(CloseCode::GoingAway),
            false => drop(open.insert(socket, cut)),
        }
    }

    /// A socket has ended.
    pub fn leave(&self, socket: SocketId) {
        self.lock().remove(&socket);
    }

    /// Waits until the relay stops, and closes each socket when it is its turn.
    pub async fn close_all(&self) {
        self.shutdown.cancelled().await;
        let (now, open) = (Instant::now(), std::mem::take(&mut *self.lock()));
        let mut turns: Vec<_> = open.into_iter().map(|(socket, cut)| (self.turn_after(socket), cut)).collect();
        turns.sort_unstable_by_key(|(after, _)| *after);
        for (after, cut) in turns {
            sleep_until(now + after).await;
            cut.now(CloseCode::GoingAway);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketId, Cut>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn_after(&self, socket: SocketId) -> Duration {
        part(socket, self.in_time_of(CLOSES).min(self.longest_turn))
    }

    /// How long the client of a socket that leaves waits until it connects again.
    pub fn wait(&self, socket: SocketId) -> Duration {
        part(socket, self.in_time_of(RETURNS).clamp(WAIT.0, WAIT.1))
    }

    #[allow(clippy::cast_precision_loss, reason = "a count of sockets is far below 2^52")]
    fn in_time_of(&self, rate: f64) -> Duration {
        Duration::from_secs_f64(self.sockets.load(Ordering::Relaxed) as f64 / rate)
    }
}

/// How long a client waits that shall try again: between one part in four of the longest wait and all of it.
pub fn try_again(socket: SocketId) -> Duration {
    TRY_AGAIN / 4 + part(socket, TRY_AGAIN * 3 / 4)
}

/// A part of a time span, another one for every socket. Multiples of the golden ratio, as these are, spread any number
/// of consecutive sockets evenly (Knuth, The Art of Computer Programming, section 6.4, theorem S).
fn part(socket: SocketId, span: Duration) -> Duration {
    span.mul_f64(f64::from(socket.mixed()) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::subscriber::subscriber;
    use futures_util::FutureExt;
    use std::sync::Arc;

    fn departure(sockets: i64) -> Departure {
        let departure = Departure::new(CancellationToken::new(), Duration::from_secs(5));
        departure.begin(sockets);
        departure
    }

    #[test]
    fn however_many_sockets_leave_their_clients_come_back_at_a_steady_rate() {
        for (sockets, longest) in [(10, 1), (500, 1), (5_000, 10), (1_000_000, 60)] {
            let departure = departure(sockets);
            let longest = Duration::from_secs(longest);
            let waits: Vec<_> = (0..5_000).map(|_| departure.wait(SocketId::next())).collect();
            assert!(waits.iter().all(|wait| *wait <= longest));
            // In each tenth of the time a tenth of them, give or take little.
            for tenth in 0..10 {
                let (from, to) = (longest * tenth / 10, longest * (tenth + 1) / 10);
                let here = waits.iter().filter(|wait| (from..to).contains(*wait)).count();
                assert!((450..=550).contains(&here), "{here} of {sockets} sockets in tenth {tenth}");
            }
        }
    }

    #[test]
    fn every_socket_has_its_turn_within_the_time_that_a_relay_has() {
        for (sockets, longest) in [(1, 1), (2_000, 2_000), (1_000_000, 5_000)] {
            let departure = departure(sockets);
            let turns: Vec<_> = (0..1_000).map(|_| departure.turn_after(SocketId::next())).collect();
            assert!(turns.iter().all(|turn| *turn <= Duration::from_millis(longest)));
        }
    }

    #[tokio::test]
    async fn every_socket_is_closed_in_its_turn_and_one_that_comes_too_late_at_once() {
        let departure = Arc::new(Departure::new(CancellationToken::new(), Duration::from_secs(5)));
        let enter = || {
            let (entered, _, cut) = subscriber(SocketId::next(), 1, 1);
            departure.enter(entered.socket, cut.clone());
            (entered.socket, cut)
        };
        let (gone, still) = enter();
        departure.leave(gone);
        let cuts: Vec<_> = (0..100).map(|_| enter().1).collect();
        let closing = tokio::spawn({
            let departure = departure.clone();
            async move { departure.close_all().await }
        });
        departure.begin(100);
        let began = Instant::now();
        for cut in cuts {
            assert_eq!(cut.wait().await, CloseCode::GoingAway);
        }
        closing.await.unwrap();
        assert!(began.elapsed() >= Duration::from_millis(50));
        assert_eq!(enter().1.wait().await, CloseCode::GoingAway);
        assert!(still.wait().now_or_never().is_none());
    }

    #[test]
    fn whoever_shall_try_again_waits_for_at_least_a_second() {
        let waits: Vec<_> = (0..100).map(|_| try_again(SocketId::next())).collect();
        assert!(waits.iter().all(|wait| (Duration::from_secs(1)..=TRY_AGAIN).contains(wait)));
        let different: std::collections::HashSet<_> = waits.iter().collect();
        assert_eq!(different.len(), waits.len());
    }
}
