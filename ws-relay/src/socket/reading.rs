//! What a channel is to the caller, and how far the others have read: once when the socket has caught up with the channel, and
//! whenever the caller reads it on another device.

use crate::access::Access;
use crate::live::frame::EphemeralFrame;
use crate::socket::connection::End;
use crate::socket::session::Session;
use crate::sparingly::Sparingly;
use messaging_core::ids::ChannelId;
use messaging_core::socket::UNREAD_UPDATED;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;

/// The frames of the channel wait so long for what was read before them; then they go on without it.
const PATIENCE: Duration = Duration::from_secs(1);

static UNREAD: Sparingly = Sparingly::new();

/// What the database tells of a channel.
#[derive(Deserialize)]
struct State<'a> {
    /// The members of the caller's frame.
    #[serde(borrow)]
    reading: BTreeMap<String, &'a RawValue>,
    /// Absent where the members are too many.
    #[serde(borrow)]
    receipts: Option<&'a RawValue>,
}

impl Session {
    /// Sends a frame for the caller alone, if this socket's token lets them read the channel: what they did on another one
    /// may have been done with another token.
    pub(super) async fn personal(&mut self, frame: &EphemeralFrame) -> Result<(), End> {
        if !self.subscriptions.contains_key(&frame.channel) {
            let (access, caller) = (self.app.access.clone(), self.caller.clone());
            let checked = self.connection.meanwhile(access.check(caller.as_ref(), frame.channel)).await?;
            if !matches!(checked, Ok(Access::Granted { .. })) {
                return Ok(());
            }
        }
        self.say(&frame.text).await
    }

    /// Sends the state of a channel whose frames come live from here on. They wait in the queue meanwhile.
    pub(super) async fn tell_reading(&mut self, channel: ChannelId) -> Result<(), End> {
        let is_wanted = self.subscriptions.get(&channel).is_some_and(|subscription| subscription.takes_notices);
        let Some(caller) = self.caller.clone().filter(|_| is_wanted) else { return Ok(()) };
        let access = self.app.access.clone();
        let read = timeout(PATIENCE, access.reading(&caller, channel));
        let read = self.connection.meanwhile(read).await?;
        let failed = match read {
            Ok(Ok(state)) => {
                for text in state.as_deref().and_then(|state| texts(channel, state)).into_iter().flatten() {
                    self.say(&text).await?;
                }
                return Ok(());
            }
            Ok(Err(e)) => e.to_string(),
            Err(_) => "the database took too long".to_owned(),
        };
        if let Some(left_out) = UNREAD.permit() {
            tracing::warn!(left_out, "a socket goes on without what was read: {failed}");
        }
        Ok(())
    }
}

/// The texts of the frames.
fn texts(channel: ChannelId, state: &str) -> Option<Vec<String>> {
    let State { reading, receipts } = serde_json::from_str(state).ok()?;
    let reading = serde_json::to_string(&reading).ok()?;
    let members = reading.strip_prefix('{')?;
    let mut texts = vec![format!(r#"{{"type":"{UNREAD_UPDATED}",{members}"#)];
    if let Some(receipts) = receipts.filter(|receipts| receipts.get() != "null") {
        texts.push(format!(r#"{{"type":"receipts","channel_id":"{channel}","receipts":{}}}"#, receipts.get()));
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use messaging_core::socket::{EphemeralFrame, PersonalFrame};
    use uuid::Uuid;

    #[test]
    fn the_texts_are_frames_of_the_contract() {
        let id = ChannelId(Uuid::from_u128(1));
        let reading = format!(
            r#"{{"channel_id": "{id}", "read_seq": 7, "unread_count": 1, "mention_count": 0, "marked_unread": false, "muted": false,
                "updated_at": "2026-01-01T00:00:00.000000Z"}}"#
        );
        let receipts = r#"[{"member_id": "user:bob", "read_seq": 3}]"#;
        let told = texts(id, &format!(r#"{{"reading": {reading}, "receipts": {receipts}}}"#)).unwrap();
        let [own, others] = told.as_slice() else { panic!("{told:?}") };
        let own: PersonalFrame = serde_json::from_str(own).unwrap();
        assert!(matches!(own, PersonalFrame::UnreadUpdated(reading) if reading.read_seq == Some(7)));
        let others: EphemeralFrame = serde_json::from_str(others).unwrap();
        assert!(
            matches!(others, EphemeralFrame::Receipts(frame) if frame.channel_id == id && frame.receipts.len() == 1)
        );
        assert_eq!(texts(id, &format!(r#"{{"reading": {reading}, "receipts": null}}"#)).unwrap().len(), 1);
        assert!(texts(id, "[]").is_none());
    }
}
