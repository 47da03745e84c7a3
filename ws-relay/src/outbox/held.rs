//! Channels that wait because NATS refused one of their events.

use super::batch::Outcome;
use messaging_core::ids::ChannelId;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// Channels that wait because one of their events was refused, so that they do not fill every batch.
#[derive(Default)]
pub struct Held(HashMap<ChannelId, (Instant, Duration)>);

/// The wait after the first refusal, and the longest.
const HOLD: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

impl Held {
    /// The channels that wait at `now`.
    pub fn channels(&self, now: Instant) -> Vec<Uuid> {
        self.0.iter().filter(|(_, (until, _))| *until > now).map(|(channel, _)| channel.0).collect()
    }

    /// Takes note of what was refused.
    pub fn update(&mut self, outcome: &Outcome, now: Instant) {
        // A channel whose wait is over was tried, unless its turn has not come: then it is tried again soon enough.
        let refused: HashMap<_, _> = outcome.refused.iter().copied().collect();
        for channel in refused.keys() {
            let wait = self.0.get(channel).map_or(HOLD.0, |(_, wait)| wait.saturating_mul(2).min(HOLD.1));
            self.0.insert(*channel, (now + wait, wait));
        }
        self.0.retain(|channel, (until, _)| *until > now || refused.contains_key(channel));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_channel_waits_longer_each_time_and_then_no_more() {
        let (mut held, start) = (Held::default(), Instant::now());
        let channel = ChannelId(Uuid::nil());
        let refused = Outcome { refused: vec![(channel, 1)], ..Outcome::default() };
        held.update(&refused, start);
        assert_eq!(held.channels(start), [channel.0]);
        let later = start + HOLD.0;
        assert!(held.channels(later).is_empty());
        held.update(&refused, later);
        assert_eq!(held.channels(later + HOLD.0), [channel.0]);
        held.update(&Outcome::default(), later + HOLD.1);
        assert!(held.0.is_empty());
    }
}
