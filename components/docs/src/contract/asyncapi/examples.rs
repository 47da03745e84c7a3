//! Examples, as values of the types: an example that breaks the contract does not compile.

use messaging_core::advisory::Advisory;
use messaging_core::channel::{Channel, Visibility};
use messaging_core::event::{
    ChannelEvent, EventEnvelope, EventType, MatrixMessageEvent, MatrixRoomCreatedEvent, MemberEvent, MessageEvent,
    PinEvent, ReactionEvent, Seq,
};
use messaging_core::ids::{ChannelId, ChannelMemberId, EntityId, MessageId, MicrodaoId};
use messaging_core::member::{Member, MemberType, Role};
use messaging_core::message::{ContentType, Message};
use messaging_core::receipt::{Reading, Receipt};
use messaging_core::socket::{
    ClientMessage, EphemeralFrame, ErrorCode, MembershipFrame, Notice, PersonalFrame, ProfileUpdated, ReceiptUpdated,
    ReceiptsFrame, Subscribe, Typing, TypingCommand, Unsubscribe,
};
use messaging_core::time::Timestamp;
use serde_json::{Map, Value, json};

const CHANNEL: &str = "5f0c1d9e-3b7a-4c55-8a0b-52b86f1d3c7e";
const OTHER_CHANNEL: &str = "a1b6f3c2-7d4e-4f19-9c38-0e2d5b6a7f80";
const EVENT: &str = "0d0c6a2f-9b7e-4c55-8a0b-52b86f1d3c7e";
const MATRIX_EVENT: &str = "$Tq3mW8kXr0cVZy5dJb1nHs7uLe9aPf2gKo4iQ6wEtRA";
const ROOM: &str = "!n8Vx2bQm5Lr0aZk7TfJc4Yw9HsPd1uGe6oiKXqWtRA";
/// The number of the event in most examples.
const MEMBERSHIP: &str = "c2f3a4b5-6d7e-4f80-9a1b-2c3d4e5f6a7b";
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
    let channel = Some(channel(SEQ, None).channel);
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

/// The payload of an event.
pub fn payload(event: EventType) -> Value {
    match event {
        EventType::MessageCreated => json!(message(SEQ, "Hello")),
        EventType::MessageUpdated => json!(edited()),
        EventType::MessageDeleted => json!(deleted()),
        EventType::ChannelCreated => json!(channel(1, None)),
        EventType::ChannelUpdated => json!(channel(SEQ, Some("user:alice"))),
        EventType::ChannelArchived => {
            let mut event = channel(SEQ, Some("user:alice"));
            event.channel.archived_at = Some(time(9));
            json!(event)
        }
        EventType::MemberInvited => json!(member("agent:sofia", "user:alice")),
        EventType::MemberJoined => json!(member("agent:sofia", "agent:sofia")),
        EventType::MemberLeft => json!(member("agent:sofia", "agent:sofia")),
        EventType::MemberKicked => json!(member("agent:sofia", "user:alice")),
        EventType::MemberRoleChanged => json!(member("user:bob", "user:alice")),
        EventType::ReactionAdded | EventType::ReactionRemoved => json!(ReactionEvent {
            envelope: envelope(SEQ),
            message_id: MessageId::of_event(MATRIX_EVENT),
            reactor_id: entity("user:bob"),
            emoji: "👍".to_owned(),
        }),
        EventType::MessagePinned | EventType::MessageUnpinned => json!(PinEvent {
            envelope: envelope(SEQ),
            message_id: MessageId::of_event(MATRIX_EVENT),
            actor_id: entity("user:alice"),
        }),
        EventType::MatrixMessage => json!(MatrixMessageEvent {
            channel_id: channel_id(CHANNEL),
            microdao_id: MicrodaoId::parse("microdao:daarion").unwrap(),
            seq: SEQ,
            room_id: ROOM.to_owned(),
            event_id: MATRIX_EVENT.to_owned(),
            sender_matrix_id: "@carol:matrix.org".to_owned(),
            r#type: "m.room.message".to_owned(),
            timestamp: 1_767_261_605_000,
            content: json!({"msgtype": "m.text", "body": "Hello"}).as_object().unwrap().clone(),
        }),
        EventType::MatrixRoomCreated => json!(MatrixRoomCreatedEvent {
            envelope: envelope(1),
            room_id: ROOM.to_owned(),
            sender_matrix_id: "@user-alice:daarion.city".to_owned(),
            r#type: "m.room.create".to_owned(),
            timestamp: 1_767_261_600_000,
            content: Map::new(),
        }),
    }
}

fn message(message_seq: Seq, text: &str) -> MessageEvent {
    let message_id = MessageId::of_event(MATRIX_EVENT);
    let message = Message {
        id: message_id,
        channel_id: channel_id(CHANNEL),
        seq: message_seq,
        matrix_event_id: MATRIX_EVENT.to_owned(),
        sender_id: entity("user:alice"),
        sender_type: MemberType::Human,
        content_preview: text.to_owned(),
        is_encrypted: false,
        truncated: false,
        content_type: ContentType::Text,
        thread_id: None,
        edited_at: None,
        deleted_at: None,
        created_at: time(5),
        client_key: None,
        mentions: vec![entity("user:bob").into()],
        poll_ended_at: None,
        sender_name: Some("Alice".to_owned()),
        sender_avatar_url: None,
        reply_to: None,
        thread: None,
        reactions: None,
        poll: None,
    };
    MessageEvent {
        envelope: envelope(SEQ),
        message_id,
        matrix_event_id: message.matrix_event_id.clone(),
        sender_id: message.sender_id.clone(),
        sender_type: message.sender_type,
        preview: text.to_owned(),
        content_preview: text.to_owned(),
        created_at: message.created_at.clone(),
        mentions: message.mentions.clone(),
        message,
        actor_id: None,
    }
}

/// The message keeps the number that it was created with.
fn edited() -> MessageEvent {
    let mut event = message(SEQ - 1, "Hello again");
    event.message.edited_at = Some(time(8));
    event
}

fn deleted() -> MessageEvent {
    let mut event = message(SEQ - 1, "");
    event.message.deleted_at = Some(time(9));
    event.actor_id = Some(entity("user:alice"));
    event
}

fn channel(seq: Seq, actor_id: Option<&str>) -> ChannelEvent {
    let channel = Channel {
        id: channel_id(CHANNEL),
        slug: "general".to_owned(),
        name: "General".to_owned(),
        description: Some("For everything".to_owned()),
        microdao_id: MicrodaoId::parse("microdao:daarion").unwrap(),
        matrix_room_id: ROOM.to_owned(),
        visibility: Visibility::Microdao,
        is_direct: false,
        is_encrypted: false,
        topic: None,
        avatar_url: None,
        created_by: entity("user:alice"),
        created_at: time(0),
        updated_at: time(if seq == 1 { 0 } else { 9 }),
        archived_at: None,
        read_seq: None,
        unread_count: None,
        mention_count: None,
        marked_unread: None,
        muted: None,
        member_count: None,
        last_message: None,
        last_seq: None,
        membership: None,
        direct_member_id: None,
    };
    ChannelEvent {
        envelope: envelope(seq),
        matrix_room_id: channel.matrix_room_id.clone(),
        created_by: channel.created_by.clone(),
        visibility: channel.visibility,
        channel,
        actor_id: actor_id.map(entity),
        members_changed: None,
    }
}

fn member(member_id: &str, actor_id: &str) -> MemberEvent {
    let member_id = entity(member_id);
    let (member_type, role) =
        if member_id.is_agent() { (MemberType::Agent, Role::Agent) } else { (MemberType::Human, Role::Admin) };
    let invited_by = Some(entity("user:alice"));
    let actor_id = entity(actor_id);
    let member = Member {
        id: ChannelMemberId::parse(MEMBERSHIP).unwrap(),
        channel_id: channel_id(CHANNEL),
        member_id: member_id.clone(),
        member_type,
        matrix_user_id: member_id.matrix_user_id("daarion.city"),
        role,
        can_read: true,
        can_write: true,
        can_invite: role.manages(),
        can_kick: role.manages(),
        can_create_tasks: role.manages(),
        matrix_power_level: role.power_level().into(),
        invited_by: invited_by.clone(),
        invited_at: Some(time(3)),
        joined_at: Some(time(4)),
        left_at: None,
        banned_at: None,
        display_name: None,
        avatar_url: None,
    };
    MemberEvent { envelope: envelope(SEQ), member_id, member_type, role, invited_by, actor_id, member, banned: None }
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

fn envelope(seq: Seq) -> EventEnvelope {
    EventEnvelope {
        event_id: EVENT.parse().unwrap(),
        channel_id: channel_id(CHANNEL),
        microdao_id: MicrodaoId::parse("microdao:daarion").unwrap(),
        seq,
    }
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
