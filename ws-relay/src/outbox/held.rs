//! Channels that wait because NATS refused one of their events, and events that are given up.

use super::outcome::{Outcome, Refused};
use messaging_core::ids::ChannelId;
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// The wait after the first refusal, and the longest.
const HOLD: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// An event that was refused so often does not hold its channel any more.
const TRIES: u32 = 4;

/// Channels that wait because one of their events was refused, so that they do not fill every batch.
#[derive(Default)]
pub struct Held(HashMap<ChannelId, Hold>);

struct Hold {
    until: Instant,
    wait: Duration,
    /// The event that was refused, and how often it was.
    id: i64,
    tries: u32,
}

impl Held {
    /// Whether no channel waits, or is tried again.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The channels that wait at `now`.
    pub fn channels(&self, now: Instant) -> Vec<Uuid> {
        self.0.iter().filter(|(_, hold)| hold.until > now).map(|(channel, _)| channel.0).collect()
    }

    /// Events that were refused so often that those behind them are sent with them: when NATS takes one of these, it is
    /// the event and not the stream.
    pub fn given_up(&self) -> HashSet<i64> {
        self.0.values().filter(|hold| hold.tries >= TRIES).map(|hold| hold.id).collect()
    }

    /// Takes note of what was refused. Returns what to set aside: what was given up and refused once more, by its own
    /// fault, while NATS took others.
    pub fn update(&mut self, outcome: &Outcome, given_up: &HashSet<i64>, now: Instant) -> Vec<i64> {
        let takes_others = outcome.done > 0;
        let is_over = |refused: &Refused| takes_others && refused.is_own_fault && given_up.contains(&refused.id);
        let (over, refused): (Vec<_>, Vec<_>) = outcome.refused.iter().copied().partition(is_over);
        // A channel whose wait is over was tried, unless its turn has not come: then it is tried again soon enough.
        self.0.retain(|channel, hold| hold.until > now || refused.iter().any(|refused| refused.channel == *channel));
        for Refused { channel, id, .. } in refused {
            let (wait, tries) = match self.0.get(&channel) {
                Some(hold) if hold.id == id => (hold.wait.saturating_mul(2).min(HOLD.1), hold.tries.saturating_add(1)),
                // One behind it, in the same batch.
                Some(hold) if given_up.contains(&hold.id) => continue,
                _ => (HOLD.0, 1),
            };
            self.0.insert(channel, Hold { until: now + wait, wait, id, tries });
        }
        over.into_iter().map(|refused| refused.id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANNEL: ChannelId = ChannelId(Uuid::nil());

    fn refused(id: i64, done: u64) -> Outcome {
        let refused = vec![Refused { channel: CHANNEL, id, is_own_fault: true }];
        Outcome { refused, done, ..Outcome::default() }
    }

    #[test]
    fn a_refused_channel_waits_longer_each_time_and_then_no_more() {
        let (mut held, start, none) = (Held::default(), Instant::now(), HashSet::new());
        held.update(&refused(1, 0), &none, start);
        assert_eq!(held.channels(start), [CHANNEL.0]);
        let later = start + HOLD.0;
        assert!(held.channels(later).is_empty());
        held.update(&refused(1, 0), &none, later);
        assert_eq!(held.channels(later + HOLD.0), [CHANNEL.0]);
        held.update(&Outcome::default(), &none, later + HOLD.1);
        assert!(held.0.is_empty());
    }

    #[test]
    fn an_event_is_set_aside_after_many_tries_and_only_while_others_are_taken() {
        let (mut held, mut now) = (Held::default(), Instant::now());
        let mut again = |held: &mut Held, outcome: Outcome| {
            now += HOLD.1 * 2;
            let given_up = held.given_up();
            held.update(&outcome, &given_up, now)
        };
        for _ in 0..TRIES {
            assert!(held.given_up().is_empty());
            assert!(again(&mut held, refused(1, 9)).is_empty());
        }
        assert_eq!(held.given_up(), HashSet::from([1]));
        // The stream takes nothing at all.
        assert!(again(&mut held, refused(1, 0)).is_empty());
        let mut not_its_own = refused(1, 1);
        not_its_own.refused[0].is_own_fault = false;
        assert!(again(&mut held, not_its_own).is_empty());
        assert_eq!(again(&mut held, refused(1, 1)), [1]);
        assert!(held.given_up().is_empty());
    }
}
