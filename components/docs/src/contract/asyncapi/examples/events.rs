//! The payloads of events.

use messaging_core::channel::{Channel, Visibility};
use messaging_core::event::{
    ChannelEvent, EventEnvelope, EventType, MatrixMessageEvent, MatrixRoomCreatedEvent, MemberEvent, MessageEvent,
    PinEvent, PreviewEvent, ReactionEvent, Seq,
};
use messaging_core::ids::{ChannelMemberId, MessageId, MicrodaoId, PreviewId};
use messaging_core::member::{Member, MemberType, Role};
use messaging_core::message::{ContentType, Message};
use messaging_core::preview::{PageSummary, Preview, PreviewImage};
use serde_json::{Map, Value, json};

use super::{CHANNEL, EVENT, MATRIX_EVENT, MEMBERSHIP, ROOM, SEQ, channel_id, entity, time};

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
        EventType::MessagePreview => json!(preview()),
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
        previews: Vec::new(),
        poll_ended_at: None,
        file: None,
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

fn preview() -> PreviewEvent {
    let mut message = message(SEQ - 1, "See https://example.org/").message;
    let page = PageSummary {
        title: Some("Example".to_owned()),
        description: Some("A page for examples".to_owned()),
        site_name: Some("example.org".to_owned()),
        image: Some(PreviewImage {
            content_uri: "mxc://daarion.city/GCmhgzMPRjqgpODLsNQzVuHZ".to_owned(),
            content_type: "image/png".to_owned(),
            width: 1200,
            height: 630,
        }),
    };
    let id = PreviewId::parse("5b0e7a5c-3f0e-4d0a-9a55-0c6f6f1f5c11").unwrap();
    message.previews = vec![Preview { id, url: "https://example.org/".to_owned(), page }];
    PreviewEvent {
        envelope: envelope(SEQ),
        message_id: message.id,
        previews: message.previews.clone(),
        actor_id: None,
        message,
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

pub fn channel(seq: Seq, actor_id: Option<&str>) -> ChannelEvent {
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
        link_previews: None,
        retention_days: None,
        kept_days: None,
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

fn envelope(seq: Seq) -> EventEnvelope {
    EventEnvelope {
        event_id: EVENT.parse().unwrap(),
        channel_id: channel_id(CHANNEL),
        microdao_id: MicrodaoId::parse("microdao:daarion").unwrap(),
        seq,
    }
}
