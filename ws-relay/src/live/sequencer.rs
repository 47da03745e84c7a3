//! Puts the frames that arrive live and those that are read from the log into one order without holes or repeats.

use crate::live::frame::LoggedFrame;
use crate::live::log::LogPage;
use messaging_core::event::Seq;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Frames that wait behind a hole at most. Further ones are dropped and read from the log.
const WAITING: usize = 1024;

/// Where a sequencer stood when it asked for a page of the log.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The page begins behind this number.
    pub after: Seq,
    /// The highest number that was known then.
    head: Seq,
}

/// The order of one channel.
pub struct Sequencer {
    /// The number of the last frame that was handed out.
    last: Seq,
    /// The highest number that is known to exist.
    head: Seq,
    /// Frames that arrived ahead of their turn.
    waiting: BTreeMap<Seq, Arc<LoggedFrame>>,
}

impl Sequencer {
    /// Starts behind number `last`.
    pub fn new(last: Seq) -> Self {
        Self { last, head: last, waiting: BTreeMap::new() }
    }

    /// The number of the last frame that was handed out.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// What to read from the log, as things stand.
    pub fn ask(&self) -> Asked {
        Asked { after: self.last, head: self.head }
    }

    /// Whether something is missing that the log has.
    pub fn behind(&self) -> bool {
        self.head > self.last
    }

    /// Takes a frame that arrived live.
    pub fn live(&mut self, frame: Arc<LoggedFrame>) {
        self.saw(frame.seq);
        if frame.seq > self.last && (self.waiting.len() < WAITING || frame.seq == self.last.saturating_add(1)) {
            self.waiting.insert(frame.seq, frame);
        }
    }

    /// Learns that the channel has come to `seq`.
    pub fn saw(&mut self, seq: Seq) {
        self.head = self.head.max(seq);
    }

    /// The next frame whose turn it is.
    pub fn next(&mut self) -> Option<Arc<LoggedFrame>> {
        let frame = self.waiting.remove(&self.last.checked_add(1)?)?;
        self.last = frame.seq;
        Some(frame)
    }

    /// Takes the page of the log that was read for `asked`.
    ///
    /// Returns the number behind which the subscribers have to start anew when the log does not hold the next event any
    /// more.
    pub fn log(&mut self, asked: Asked, page: LogPage) -> Option<Seq> {
        for frame in page.frames {
            if frame.seq > self.last {
                self.waiting.insert(frame.seq, frame);
            }
        }
        // An event is committed before its frame is sent: a number that was known when the page was asked for, and that
        // the database does not have, belongs to no event.
        self.waiting.retain(|seq, _| *seq <= page.head || *seq > asked.head);
        self.head = self.waiting.last_key_value().map_or(page.head, |(seq, _)| page.head.max(*seq)).max(self.last);
        let next = self.last.saturating_add(1);
        // When live frames have filled the hole meanwhile, this page may simply end too early.
        if self.last > asked.after || page.head < next || self.waiting.contains_key(&next) {
            return None;
        }
        let first = self.waiting.first_key_value().map_or(page.head, |(seq, _)| seq.saturating_sub(1));
        self.last = first.min(page.head);
        Some(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(seq: Seq) -> Arc<LoggedFrame> {
        Arc::new(LoggedFrame::example(seq, &seq.to_string()))
    }

    fn drain(sequencer: &mut Sequencer) -> Vec<Seq> {
        std::iter::from_fn(|| sequencer.next()).map(|frame| frame.seq).collect()
    }

    /// The log between two numbers, as the database has it.
    fn page(after: Seq, deleted: Seq, head: Seq, limit: usize) -> LogPage {
        LogPage { frames: (after.max(deleted) + 1..=head).take(limit).map(frame).collect(), head }
    }

    #[test]
    fn a_hole_waits_for_the_log() {
        let mut sequencer = Sequencer::new(4);
        sequencer.live(frame(5));
        sequencer.live(frame(8));
        assert_eq!(drain(&mut sequencer), [5]);
        assert!(sequencer.behind());
        assert_eq!(sequencer.log(sequencer.ask(), page(5, 0, 8, 100)), None);
        assert_eq!(drain(&mut sequencer), [6, 7, 8]);
        assert!(!sequencer.behind());
    }

    #[test]
    fn what_the_log_has_lost_is_told() {
        let mut sequencer = Sequencer::new(2);
        sequencer.saw(9);
        assert_eq!(sequencer.log(sequencer.ask(), page(2, 6, 9, 100)), Some(6));
        assert_eq!(drain(&mut sequencer), [7, 8, 9]);
        let mut empty = Sequencer::new(2);
        empty.saw(9);
        assert_eq!(empty.log(empty.ask(), page(2, 9, 9, 100)), Some(9));
        assert!(!empty.behind());
    }

    #[test]
    fn a_number_that_the_database_does_not_know_is_forgotten() {
        let mut sequencer = Sequencer::new(2);
        sequencer.live(frame(1_000_000));
        assert_eq!(sequencer.log(sequencer.ask(), page(2, 0, 3, 100)), None);
        assert_eq!(drain(&mut sequencer), [3]);
        assert!(!sequencer.behind());
        sequencer.live(frame(4));
        assert_eq!(drain(&mut sequencer), [4]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut sequencer = Sequencer::new(0);
        (2..5000).for_each(|seq| sequencer.live(frame(seq)));
        assert_eq!(sequencer.waiting.len(), WAITING);
        sequencer.live(frame(1));
        assert_eq!(drain(&mut sequencer).len(), WAITING + 1);
        assert!(sequencer.behind());
    }

    proptest! {
        /// Live frames come lost, late, twice and in any order; the log is read whenever it is due, and live
        /// frames come while a page is being read.
        #[test]
        fn any_interleaving_passes_on_every_number_once_and_in_order(
            total in 1i64..200,
            start in 0i64..50,
            limit in 1usize..20,
            steps in proptest::collection::vec((0i64..200, 0u8..4), 0..400),
        ) {
            let mut sequencer = Sequencer::new(start);
            let mut out = Vec::new();
            let mut committed = start;
            let mut reading = None;
            for (step, action) in steps {
                match (action, reading.take()) {
                    (0, None) if sequencer.behind() => {
                        let asked = sequencer.ask();
                        reading = Some((asked, page(asked.after, 0, committed, limit)));
                    }
                    (1, Some((asked, page))) => prop_assert_eq!(sequencer.log(asked, page), None),
                    (_, pending) => {
                        // A live frame is of an event that is committed.
                        let seq = step % total + 1;
                        committed = committed.max(seq);
                        sequencer.live(frame(seq));
                        reading = pending;
                    }
                }
                out.extend(drain(&mut sequencer));
            }
            sequencer.saw(committed);
            while sequencer.behind() {
                let asked = sequencer.ask();
                prop_assert_eq!(sequencer.log(asked, page(asked.after, 0, committed, limit)), None);
                out.extend(drain(&mut sequencer));
            }
            prop_assert_eq!(out, (start + 1..=committed).collect::<Vec<_>>());
        }
    }
}
