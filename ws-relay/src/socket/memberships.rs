//! What the caller hears of their own memberships, each event once: as a frame of a channel that the socket is
//! subscribed to, or by itself.

use crate::access::{Access, Answer};
use crate::live::frame::LoggedFrame;
use crate::socket::connection::End;
use crate::socket::session::Session;
use crate::sparingly::Sparingly;
use messaging_core::event::Seq;
use messaging_core::ids::ChannelId;
use messaging_core::socket::{CloseCode, MEMBERSHIP};
use std::collections::VecDeque;
use std::sync::Arc;
use uuid::Uuid;

/// Events that are remembered, and events that wait for their channel's own frame, at most. Beyond that one may come
/// twice, and none is lost.
const REMEMBERED: usize = 256;

static FAILED: Sparingly = Sparingly::new();

/// An event by its number, and by its own id: numbers come again when the database is restored from a copy.
type Told = (ChannelId, Seq, Option<Uuid>);

fn identity(frame: &LoggedFrame) -> Told {
    (frame.channel, frame.seq, frame.event_id())
}

/// What the socket has had of the caller's memberships, and what it may get as a channel's frame yet.
#[derive(Default)]
pub struct Memberships {
    told: VecDeque<Told>,
    waiting: VecDeque<Arc<LoggedFrame>>,
}

impl Memberships {
    /// Takes note of an event that the client has had.
    pub fn told(&mut self, frame: &LoggedFrame) {
        let told = identity(frame);
        self.told.push_back(told);
        if self.told.len() > REMEMBERED {
            self.told.pop_front();
        }
        self.waiting.retain(|frame| identity(frame) != told);
    }

    /// Takes an event that came by itself, unless the client has had it.
    pub fn take(&mut self, frame: Arc<LoggedFrame>) {
        if !self.told.contains(&identity(&frame)) {
            self.waiting.push_back(frame);
        }
    }

    /// Whether there is one that may not come as the frame of a channel.
    pub fn may_be_due(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The next event that does not come as the frame of a channel.
    pub fn next(&mut self, comes: impl Fn(&LoggedFrame) -> bool) -> Option<Arc<LoggedFrame>> {
        let full = self.waiting.len() > REMEMBERED;
        let n = self.waiting.iter().position(|frame| full || !comes(frame))?;
        self.waiting.remove(n)
    }
}

impl Session {
    /// Sends the events about the caller's memberships that come as no channel's frame.
    pub(super) async fn tell_memberships(&mut self) -> Result<(), End> {
        loop {
            let subscriptions = &self.subscriptions;
            let comes = |frame: &LoggedFrame| {
                subscriptions.get(&frame.channel).is_some_and(|subscription| subscription.delivered < frame.seq)
            };
            let Some(frame) = self.memberships.next(comes) else { return Ok(()) };
            self.memberships.told(&frame);
            self.tell_membership(&frame).await?;
        }
    }

    async fn tell_membership(&mut self, frame: &LoggedFrame) -> Result<(), End> {
        let Some(caller) = self.caller.clone() else { return Ok(()) };
        let access = self.app.access.clone();
        let shown = self.connection.meanwhile(access.show(&caller, frame.channel)).await?;
        match shown {
            Ok(Answer { channel: Some(channel), .. }) => self.say(&text(frame, Some(&channel))).await,
            // They know that they were in it. Of a membership that does not count, or not any more, they hear nothing.
            Ok(Answer { access: Access::Unknown | Access::Gone, .. }) if frame.ends_membership => {
                self.say(&text(frame, None)).await
            }
            Ok(_) => Ok(()),
            // Nothing would ever bring the event again; who connects again reads the lists anew.
            Err(e) => {
                if let Some(left_out) = FAILED.permit() {
                    tracing::warn!(left_out, "a membership cannot be told of: {e}");
                }
                Err(End::Close(CloseCode::TryAgain))
            }
        }
    }
}

/// The frame's text, of texts that are JSON already.
fn text(frame: &LoggedFrame, channel: Option<&str>) -> String {
    let LoggedFrame { channel: id, seq, text, .. } = frame;
    let channel = channel.map_or_else(String::new, |channel| format!(r#","channel":{channel}"#));
    format!(r#"{{"type":"{MEMBERSHIP}","channel_id":"{id}","seq":{seq},"event":{text}{channel}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(seq: Seq) -> Arc<LoggedFrame> {
        Arc::new(LoggedFrame::example(seq, "{}"))
    }

    fn drain(memberships: &mut Memberships, comes: bool) -> Vec<Seq> {
        std::iter::from_fn(|| memberships.next(|_| comes)).map(|frame| frame.seq).collect()
    }

    #[test]
    fn an_event_comes_once_by_whichever_way() {
        let mut memberships = Memberships::default();
        memberships.take(frame(1));
        memberships.take(frame(2));
        // The channel's own frames are under way.
        assert!(drain(&mut memberships, true).is_empty());
        memberships.told(&frame(1));
        // The subscription has ended before the second one came.
        assert_eq!(drain(&mut memberships, false), [2]);
        // The first one comes late, after its channel's frame.
        memberships.take(frame(1));
        assert!(drain(&mut memberships, false).is_empty());
    }

    #[test]
    fn what_waits_and_what_is_remembered_is_bounded() {
        let mut memberships = Memberships::default();
        let mut sent = Vec::new();
        for seq in 1..=1000 {
            memberships.take(frame(seq));
            sent.extend(drain(&mut memberships, true));
        }
        assert_eq!(memberships.waiting.len(), REMEMBERED);
        sent.extend(drain(&mut memberships, false));
        assert_eq!(sent, (1..=1000).collect::<Vec<_>>());
        (1..=1000).for_each(|seq| memberships.told(&frame(seq)));
        assert_eq!(memberships.told.len(), REMEMBERED);
    }

    #[test]
    fn the_text_is_json() {
        let channel = serde_json::json!({"id": "x"}).to_string();
        let json: serde_json::Value = serde_json::from_str(&text(&frame(7), Some(&channel))).unwrap();
        let id = frame(7).channel.to_string();
        assert_eq!(
            json,
            serde_json::json!({"type": "membership", "channel_id": id, "seq": 7, "event": {}, "channel": {"id": "x"}})
        );
        let json: serde_json::Value = serde_json::from_str(&text(&frame(7), None)).unwrap();
        assert!(json.get("channel").is_none());
    }
}
