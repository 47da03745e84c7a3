//! How a reader who is behind comes to the live stream: page by page from the log.

use crate::event::{Frame, Seq};
use crate::live::log::LogPage;
use std::sync::Arc;

/// What follows from a page of the log for a reader who has everything up to `have`.
#[derive(Debug)]
pub enum Next {
    /// These frames, each one number behind the other; then, when there may be more in the log, another page.
    Frames(Vec<Arc<Frame>>),
    /// The log does not hold the next event: the reader starts anew behind this number.
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
    // Nothing although there is something, or a reader who is ahead of the channel: this is not its log.
    if frames.is_empty() && page.head != have {
        return Next::Reload(page.head);
    }
    Next::Frames(frames)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Affects;
    use messaging_core::ids::ChannelId;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn frame(seq: Seq) -> Arc<Frame> {
        let channel = ChannelId(Uuid::nil());
        Arc::new(Frame { channel, seq, affects: Affects::Nobody, text: seq.to_string().into() })
    }

    fn page(seqs: impl IntoIterator<Item = Seq>, head: Seq) -> LogPage {
        LogPage { frames: seqs.into_iter().map(frame).collect(), head }
    }

    fn seqs(next: Next) -> Result<Vec<Seq>, Seq> {
        match next {
            Next::Frames(frames) => Ok(frames.iter().map(|frame| frame.seq).collect()),
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

    proptest! {
        #[test]
        fn frames_never_have_a_hole_or_a_repeat(have in 0i64..50, log in proptest::collection::btree_set(1i64..60, 0..60)) {
            let head = log.last().copied().unwrap_or(0).max(have);
            let rest = log.into_iter().filter(|seq| *seq > have);
            if let Next::Frames(frames) = next(have, page(rest, head)) {
                let numbers: Vec<_> = frames.iter().map(|frame| frame.seq).collect();
                let end = have + i64::try_from(numbers.len()).unwrap();
                prop_assert_eq!(numbers, (have + 1..=end).collect::<Vec<_>>());
            }
        }
    }
}
