//! Examples, as values of the types: an example that breaks the contract does not compile. Those of events are in `events`.

mod events;

use messaging_core::advisory::Advisory;
use messaging_core::event::{EventType, Seq};
use messaging_core::ids::{ChannelId, EntityId};
use messaging_core::receipt::{Reading, Receipt};
use messaging_core::socket::{
    ClientMessage, EphemeralFrame, ErrorCode, MembershipFrame, Notice, PersonalFrame, ProfileUpdated, ReceiptUpdated,
    ReceiptsFrame, Subscribe, Typing, TypingCommand, Unsubscribe,
};
use messaging_core::time::Timestamp;
use serde_json::{Value, json};

pub use events::payload;

const CHANNEL: &str = "5f0c1d9e-3b7a-4c55-8a0b-52b86f1d3c7e";
const OTHER_CHANNEL: &str = "a1b6f3c2-7d4e-4f19-9c38-0e2d5b6a7f80";
const EVENT: &str = "0d0c6a2f-9b7e-4c55-8a0b-52b86f1d3c7e";
const MATRIX_EVENT: &str = "$Tq3mW8kXr0cVZy5dJb1nHs7uLe9aPf2gKo4iQ6wEtRA";
const ROOM: &str = "!n8Vx2bQm5Lr0aZk7TfJc4Yw9HsPd1uGe6oiKXqWtRA";
const MEMBERSHIP: &str = "c2f3a4b5-6d7e-4f80-9a1b-2c3d4e5f6a7b";
/// The number of the event in most examples.
const SEQ: Seq = 42;

/// What a client sends.
pub fn command() -> ClientMessage {
    ClientMessage {
        subscribe: vec![Subscribe { channel_id: channel_id(CHANNEL), since_seq: Some(SEQ - 1) }],
        unsubscribe: vec![Unsubscribe { channel_id: channel_id(OTHER_CHANNEL) }],
        typing: Some(TypingCommand { channel_id: channel_id(CHANNEL), typing: true }),
    }
}

/// One of each notice.
pub fn notices() -> Vec<Notice> {
    let channel_id = channel_id(CHANNEL);
    vec![
        Notice::Subscribed { channel_id, seq: SEQ },
        Notice::Unsubscribed { channel_id },
        Notice::Reload { channel_id, seq: SEQ },
        Notice::Error { channel_id: CHANNEL.to_owned(), code: ErrorCode::NotFound },
    ]
}

/// One of each frame that is the caller's own.
pub fn personal() -> Vec<PersonalFrame> {
    let event = serde_json::from_value(frame(EventType::MemberInvited)).unwrap();
    let channel = Some(events::channel(SEQ, None).channel);
    let reading = Reading {
        channel_id: channel_id(CHANNEL),
        read_seq: Some(SEQ),
        unread_count: 2,
        mention_count: 1,
        marked_unread: false,
        muted: false,
        updated_at: Some(time(0)),
    };
    let membership = MembershipFrame { channel_id: channel_id(CHANNEL), seq: SEQ, event, channel };
    vec![PersonalFrame::UnreadUpdated(reading), PersonalFrame::Membership(Box::new(membership))]
}

/// One of each ephemeral frame.
pub fn ephemeral() -> Vec<EphemeralFrame> {
    let member_ids = vec![entity("user:alice"), entity("agent:sofia")];
    let profile = ProfileUpdated {
        channel_id: channel_id(CHANNEL),
        member_id: entity("user:alice"),
        display_name: Some("Alice".to_owned()),
        avatar_url: None,
    };
    let receipt = Receipt { member_id: entity("user:alice"), read_seq: SEQ };
    let Receipt { member_id, read_seq } = receipt.clone();
    vec![
        EphemeralFrame::Typing(Typing { channel_id: channel_id(CHANNEL), member_ids }),
        EphemeralFrame::ProfileUpdated(profile),
        EphemeralFrame::ReceiptUpdated(ReceiptUpdated {
            channel_id: channel_id(CHANNEL),
            member_id,
            read_seq,
            thread_id: None,
        }),
        EphemeralFrame::Receipts(ReceiptsFrame { channel_id: channel_id(CHANNEL), receipts: vec![receipt] }),
    ]
}

/// The frame of an event, made of its payload as the relay makes it.
pub fn frame(event: EventType) -> Value {
    let payload = payload(event);
    let mut frame = json!({"type": event.text()});
    for member in ["event_id", "channel_id", "seq"].iter().chain(event.frame_members().unwrap()) {
        // A member that this event does not have.
        if let Some(value) = payload.get(*member) {
            frame[*member] = value.clone();
        }
    }
    frame
}

/// Everything that is told of the stream.
pub fn advisories() -> Vec<Advisory> {
    let generation = 1_767_261_600;
    vec![
        Advisory::RefillBegun { generation, channels: 12 },
        Advisory::RefillEnded { generation, events: 1_041 },
        Advisory::DatabaseRestored { generation },
    ]
}

fn channel_id(text: &str) -> ChannelId {
    ChannelId::parse(text).unwrap()
}

fn entity(text: &str) -> EntityId {
    EntityId::parse(text).unwrap()
}

fn time(second: u8) -> Timestamp {
    Timestamp(format!("2026-01-01T10:00:{second:02}.000000Z"))
}
