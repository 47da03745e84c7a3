//! A channel's last logged frames in memory, so that a subscriber that joins a moment late needs no read of the log.

use crate::live::frame::LoggedFrame;
use messaging_core::event::Seq;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A channel's frames are kept up to this number, this many bytes of text, and this age.
const FRAMES: usize = 128;
const BYTES: usize = 128 * 1024;
const AGE: Duration = Duration::from_secs(30);

/// The last frames, each one number behind the other.
#[derive(Default)]
pub struct Recent {
    frames: VecDeque<(Instant, Arc<LoggedFrame>)>,
    bytes: usize,
}

impl Recent {
    /// Adds the frame that follows the last one.
    pub fn push(&mut self, frame: Arc<LoggedFrame>, now: Instant) {
        self.bytes += frame.text.len();
        self.frames.push_back((now, frame));
        while self.frames.len() > FRAMES || self.bytes > BYTES {
            self.pop();
        }
        self.forget(now);
    }

    /// Forgets the frames that are too old.
    pub fn forget(&mut self, now: Instant) {
        while self.frames.front().is_some_and(|(at, _)| now.duration_since(*at) > AGE) {
            self.pop();
        }
    }

    /// Forgets everything: the next frame does not follow the last one.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The frames after `since` of a channel whose last number is `last`; `None` when some of them are not here.
    pub fn missed(&self, since: Seq, last: Seq) -> Option<impl Iterator<Item = &Arc<LoggedFrame>>> {
        let first = self.frames.front().map(|(_, frame)| frame.seq);
        let complete = since >= last || first.is_some_and(|first| first <= since.saturating_add(1));
        complete.then(|| self.frames.iter().map(|(_, frame)| frame).filter(move |frame| frame.seq > since))
    }

    /// Whether a frame that comes again is the one that was here under its number.
    pub fn has(&self, frame: &LoggedFrame) -> bool {
        self.frames.iter().any(|(_, known)| known.seq == frame.seq && known.text == frame.text)
    }

    fn pop(&mut self) {
        if let Some((_, frame)) = self.frames.pop_front() {
            self.bytes = self.bytes.saturating_sub(frame.text.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: Seq, size: usize) -> Arc<LoggedFrame> {
        Arc::new(LoggedFrame::example(seq, &"x".repeat(size)))
    }

    fn missed(recent: &Recent, since: Seq, last: Seq) -> Option<Vec<Seq>> {
        recent.missed(since, last).map(|frames| frames.map(|frame| frame.seq).collect())
    }

    #[test]
    fn it_answers_only_what_it_has_without_a_hole() {
        let mut recent = Recent::default();
        assert_eq!(missed(&recent, 0, 4), None);
        assert_eq!(missed(&recent, 4, 4), Some(vec![]));
        let now = Instant::now();
        (5..8).for_each(|seq| recent.push(frame(seq, 10), now));
        assert_eq!(missed(&recent, 3, 7), None);
        assert_eq!(missed(&recent, 4, 7), Some(vec![5, 6, 7]));
        assert_eq!(missed(&recent, 6, 7), Some(vec![7]));
        assert_eq!(missed(&recent, 9, 7), Some(vec![]));
    }

    #[test]
    fn another_event_under_a_number_is_told_from_a_repetition() {
        let mut recent = Recent::default();
        recent.push(frame(5, 10), Instant::now());
        assert!(recent.has(&frame(5, 10)));
        assert!(!recent.has(&frame(5, 11)) && !recent.has(&frame(4, 10)));
    }

    #[test]
    fn number_size_and_age_are_bounded() {
        let mut recent = Recent::default();
        let now = Instant::now();
        (1..1000).for_each(|seq| recent.push(frame(seq, 10), now));
        assert_eq!(recent.frames.len(), FRAMES);
        recent.push(frame(1000, BYTES), now);
        assert_eq!(recent.frames.len(), 1);
        recent.forget(now + AGE * 2);
        assert_eq!(recent.bytes, 0);
        assert!(recent.frames.is_empty());
    }
}
