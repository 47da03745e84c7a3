//! Events of a channel that are handed out together: under load, most of what it costs to give one to a socket it costs once
//! for many.

use crate::live::frame::LoggedFrame;
use crate::live::packed::pack;
use bytes::Bytes;
use messaging_core::event::{AccessEffect, Seq};
use messaging_core::ids::ChannelId;
use std::sync::{Arc, OnceLock};

/// At least one frame, each one number behind the other.
#[derive(Debug)]
pub struct Batch {
    channel: ChannelId,
    first: Seq,
    last: Seq,
    frames: Vec<Arc<LoggedFrame>>,
    text_bytes: usize,
    changes_nothing: bool,
    /// What goes out to a socket that gets all of them, the same bytes for all sockets.
    packed: OnceLock<Bytes>,
}

impl Batch {
    /// `None` of no frame.
    pub fn of(frames: Vec<Arc<LoggedFrame>>) -> Option<Self> {
        let (first, last) = (frames.first()?, frames.last()?);
        let nothing =
            |frame: &Arc<LoggedFrame>| frame.access_effect == AccessEffect::Nobody && frame.concerns.is_none();
        Some(Self {
            channel: first.channel,
            first: first.seq,
            last: last.seq,
            text_bytes: frames.iter().map(|frame| frame.text.len()).sum(),
            changes_nothing: frames.iter().all(nothing),
            frames,
            packed: OnceLock::new(),
        })
    }

    /// The channel.
    pub fn channel(&self) -> ChannelId {
        self.channel
    }

    /// The first number.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// The last one.
    pub fn last(&self) -> Seq {
        self.last
    }

    /// The frames.
    pub fn frames(&self) -> &[Arc<LoggedFrame>] {
        &self.frames
    }

    /// The bytes of their texts.
    pub fn text_bytes(&self) -> usize {
        self.text_bytes
    }

    /// Whether nobody's access changes by any of them, nor anybody's membership: whoever gets one gets all.
    pub fn changes_nothing(&self) -> bool {
        self.changes_nothing
    }

    /// All of them as WebSocket frames.
    pub fn packed(&self) -> Bytes {
        self.packed.get_or_init(|| pack(self.frames.iter().map(|frame| frame.text.as_str()))).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::ids::EntityId;

    #[test]
    fn one_frame_on_which_somebodys_access_hangs_is_enough() {
        let plain = |seq| LoggedFrame::example(seq, "{}");
        let batch = |frames: Vec<LoggedFrame>| Batch::of(frames.into_iter().map(Arc::new).collect()).unwrap();
        let all = batch(vec![plain(4), plain(5)]);
        assert_eq!((all.first(), all.last(), all.text_bytes(), all.changes_nothing()), (4, 5, 4, true));
        assert_eq!(all.packed().as_ref(), b"\x81\x02{}\x81\x02{}");
        let hides = LoggedFrame { access_effect: AccessEffect::Everybody, ..plain(6) };
        assert!(!batch(vec![plain(5), hides]).changes_nothing());
        let invites = LoggedFrame { concerns: EntityId::parse("user:bob").ok(), ..plain(6) };
        assert!(!batch(vec![plain(5), invites]).changes_nothing());
        assert!(Batch::of(Vec::new()).is_none());
    }
}
