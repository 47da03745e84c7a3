//! How a subscription that is behind comes to the live stream: page by page from the log.

use crate::live::frame::LoggedFrame;
use crate::live::log::LogPage;
use messaging_core::event::Seq;
use std::sync::Arc;

/// What follows from a page of the log for a subscription that has everything up to `have`.
#[derive(Debug)]
pub enum Next {
    /// These frames, each one number behind the other.
    Frames {
        /// The frames.
        frames: Vec<Arc<LoggedFrame>>,
        /// Whether the channel has come no further: then the live stream takes over. A subscription that went live
        /// earlier would get the rest of the log through its queue, which is not made for that.
        is_end: bool,
    },
    /// The log does not hold the next event: the subscription starts anew behind this number.
    Reload(Seq),
}

/// Decides about a page that was read behind `have`.
pub fn next(have: Seq, page: LogPage) -> Next {
    let mut expected = have;
    let frames: Vec<_> = page
        .frames
        .into_iter()
        .take_while(|frame| {
            expected = expected.saturating_add(1);
            frame.seq == expected
        })
        .collect();
    // No frame although there are events, or a `have` beyond the channel's end: the log does not continue it.
    if frames.is_empty() && page.head != have {
        return Next::Reload(page.head);
    }
    let is_end = frames.last().map_or(have, |frame| frame.seq) >= page.head;
    Next::Frames { frames, is_end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::recent::Recent;
    use crate::live::sequencer::Sequencer;
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::time::Instant;

    fn frame(seq: Seq) -> Arc<LoggedFrame> {
        Arc::new(LoggedFrame::example(seq, &seq.to_string()))
    }

    fn page(seqs: impl IntoIterator<Item = Seq>, head: Seq) -> LogPage {
        LogPage { frames: seqs.into_iter().map(frame).collect(), head }
    }

    fn seqs(next: Next) -> Result<Vec<Seq>, Seq> {
        match next {
            Next::Frames { frames, .. } => Ok(frames.iter().map(|frame| frame.seq).collect()),
            Next::Reload(seq) => Err(seq),
        }
    }

    #[test]
    fn a_log_that_begins_too_late_means_reload() {
        assert_eq!(seqs(next(3, page([4, 5], 5))), Ok(vec![4, 5]));
        assert_eq!(seqs(next(3, page([5, 6], 6))), Err(6));
        assert_eq!(seqs(next(3, page([], 6))), Err(6));
        assert_eq!(seqs(next(3, page([4, 6], 6))), Ok(vec![4]));
    }

    #[test]
    fn whoever_is_at_the_head_needs_nothing_and_whoever_is_beyond_it_reloads() {
        assert_eq!(seqs(next(6, page([], 6))), Ok(vec![]));
        assert_eq!(seqs(next(9, page([], 6))), Err(6));
    }

    #[test]
    fn only_a_page_that_reaches_the_channels_end_is_the_last_one() {
        let is_end = |have, page| matches!(next(have, page), Next::Frames { is_end: true, .. });
        assert!(is_end(3, page([4, 5], 5)));
        assert!(is_end(5, page([], 5)));
        // However few frames it has: large ones make short pages.
        assert!(!is_end(3, page([4], 5)));
        assert!(!is_end(3, page([4, 6], 6)));
    }

    proptest! {
        #[test]
        fn frames_never_have_a_hole_or_a_repeat(have in 0i64..50, log in proptest::collection::btree_set(1i64..60, 0..60)) {
            let head = log.last().copied().unwrap_or(0).max(have);
            let rest = log.into_iter().filter(|seq| *seq > have);
            if let Next::Frames { frames, .. } = next(have, page(rest, head)) {
                let numbers: Vec<_> = frames.iter().map(|frame| frame.seq).collect();
                let end = have + i64::try_from(numbers.len()).unwrap();
                prop_assert_eq!(numbers, (have + 1..=end).collect::<Vec<_>>());
            }
        }

        /// A reader pages through the log and joins while events are committed, arrive live late, twice or never,
        /// and the channel's task closes its holes from the log.
        #[test]
        fn a_reader_who_resumes_gets_every_number_once_and_in_order(
            since in 0i64..40,
            before in 40i64..60,
            limit in 1usize..8,
            actions in proptest::collection::vec((0u8..6, 0i64..200), 0..400),
        ) {
            let mut channel = Channel { head: before, sequencer: Sequencer::new(before), recent: Recent::default() };
            let mut reader = Reader { have: since, got: Vec::new(), queue: VecDeque::new(), live: false };
            for (action, number) in actions {
                match action {
                    0 | 1 => channel.head += 1,
                    2 => channel.sequencer.live(frame(number % channel.head + 1)),
                    3 => channel.close_holes(limit),
                    4 => reader.step(&channel, limit),
                    _ => reader.take(),
                }
                channel.hand_out(&mut reader);
            }
            channel.sequencer.saw(channel.head);
            while channel.sequencer.behind() {
                channel.close_holes(limit);
                channel.hand_out(&mut reader);
            }
            while !reader.live {
                reader.step(&channel, limit);
            }
            while !reader.queue.is_empty() {
                reader.take();
            }
            prop_assert_eq!(reader.got, (since + 1..=channel.head).collect::<Vec<_>>());
        }
    }

    struct Channel {
        head: Seq,
        sequencer: Sequencer,
        recent: Recent,
    }

    impl Channel {
        fn page(&self, after: Seq, limit: usize) -> LogPage {
            page((after + 1..=self.head).take(limit), self.head)
        }

        fn close_holes(&mut self, limit: usize) {
            let asked = self.sequencer.ask();
            assert_eq!(self.sequencer.log(asked, self.page(asked.after, limit)), None);
        }

        fn hand_out(&mut self, reader: &mut Reader) {
            while let Some(frame) = self.sequencer.next() {
                self.recent.push(frame.clone(), Instant::now());
                if reader.live {
                    reader.queue.push_back(frame.seq);
                }
            }
        }
    }

    struct Reader {
        have: Seq,
        got: Vec<Seq>,
        queue: VecDeque<Seq>,
        live: bool,
    }

    impl Reader {
        /// Joins if it can, else reads a page.
        fn step(&mut self, channel: &Channel, limit: usize) {
            if self.live {
                return;
            }
            if let Some(missed) = channel.recent.missed(self.have, channel.sequencer.last()) {
                self.queue.extend(missed.map(|frame| frame.seq));
                self.live = true;
                return;
            }
            match next(self.have, channel.page(self.have, limit)) {
                Next::Frames { frames, .. } => frames.iter().for_each(|frame| self.deliver(frame.seq)),
                Next::Reload(seq) => panic!("the log is complete, but the reader was sent to {seq}"),
            }
        }

        fn take(&mut self) {
            if let Some(seq) = self.queue.pop_front().filter(|seq| *seq > self.have) {
                self.deliver(seq);
            }
        }

        fn deliver(&mut self, seq: Seq) {
            assert_eq!(seq, self.have + 1);
            self.have = seq;
            self.got.push(seq);
        }
    }
}
