//! Events: everything that happens in a channel, as NATS carries it.
//!
//! The statement that changes the index writes the event's payload to the outbox; `ws-relay` publishes it on the
//! event's subject, with the row's id as `Nats-Msg-Id`, in the order of a channel's numbers.

mod access;
mod payload;

pub use access::*;
pub use payload::*;

use strum::{EnumString, IntoStaticStr, VariantArray};

/// An event's number in its channel: 1, 2, 3, … without a hole.
pub type Seq = i64;

/// What an event says. Each variant is written as the NATS subject that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(strum::EnumMessage))]
pub enum EventType {
    /// A message was sent, through the API or in Matrix.
    #[strum(serialize = "messaging.message.created")]
    MessageCreated,
    /// The sender replaced a message's text, or took the replacement back.
    #[strum(serialize = "messaging.message.updated")]
    MessageUpdated,
    /// A message was deleted; its text is gone from the index and from the events that are kept.
    #[strum(serialize = "messaging.message.deleted")]
    MessageDeleted,
    /// A channel was made. Always number 1 of its channel.
    #[strum(serialize = "messaging.channel.created")]
    ChannelCreated,
    /// A channel's name, description, topic, avatar, visibility, encryption or room changed.
    #[strum(serialize = "messaging.channel.updated")]
    ChannelUpdated,
    /// A channel was archived: it takes no more writes.
    #[strum(serialize = "messaging.channel.archived")]
    ChannelArchived,
    /// Somebody was invited, or invited again with another role or other capabilities.
    #[strum(serialize = "messaging.member.invited")]
    MemberInvited,
    /// Somebody joined.
    #[strum(serialize = "messaging.member.joined")]
    MemberJoined,
    /// A member left.
    #[strum(serialize = "messaging.member.left")]
    MemberLeft,
    /// A member was removed by somebody else.
    #[strum(serialize = "messaging.member.kicked")]
    MemberKicked,
    /// A member's role or capabilities changed.
    #[strum(serialize = "messaging.member.role_changed")]
    MemberRoleChanged,
    /// Somebody reacted to a message.
    #[strum(serialize = "messaging.reaction.added")]
    ReactionAdded,
    /// Somebody took a reaction back.
    #[strum(serialize = "messaging.reaction.removed")]
    ReactionRemoved,
    /// A message was pinned: it counts as pinned from here on.
    #[strum(serialize = "messaging.message.pinned")]
    MessagePinned,
    /// A message is pinned no more: somebody took the pin back or deleted the message.
    #[strum(serialize = "messaging.message.unpinned")]
    MessageUnpinned,
    /// What links of a message show has come, or was removed.
    #[strum(serialize = "messaging.message.preview")]
    MessagePreview,
    /// The Matrix event of a message, for services that read Matrix content. Accompanies `messaging.message.created`
    /// when the homeserver's push indexed the message.
    #[strum(serialize = "integration.matrix.message")]
    MatrixMessage,
    /// The Matrix room of a new channel. Accompanies `messaging.channel.created`.
    #[strum(serialize = "integration.matrix.room.created")]
    MatrixRoomCreated,
}

impl EventType {
    /// The NATS subject, for example `messaging.message.created`.
    pub fn subject(self) -> &'static str {
        self.into()
    }

    /// The type whose subject this is; `None` when this version knows no such event.
    pub fn from_subject(subject: &str) -> Option<Self> {
        subject.parse().ok()
    }

    /// The subject without its first part: the `type` of a WebSocket frame, for example `message.created`.
    pub fn text(self) -> &'static str {
        self.subject().split_once('.').map_or("", |(_, text)| text)
    }

    /// The members of the payload that the WebSocket frame carries besides `type`, `event_id`, `channel_id` and `seq`;
    /// `None` when clients get no frame of this event.
    pub fn frame_members(self) -> Option<&'static [&'static str]> {
        match self {
            // The message says all that the rest of the payload says.
            Self::MessageCreated | Self::MessageUpdated | Self::MessageDeleted => Some(&["message"]),
            Self::ChannelCreated | Self::ChannelUpdated | Self::ChannelArchived => Some(&[
                "microdao_id",
                "matrix_room_id",
                "created_by",
                "visibility",
                "actor_id",
                "channel",
                "members_changed",
            ]),
            Self::MemberInvited
            | Self::MemberJoined
            | Self::MemberLeft
            | Self::MemberKicked
            | Self::MemberRoleChanged => {
                Some(&["microdao_id", "member_id", "member_type", "role", "invited_by", "actor_id", "member", "banned"])
            }
            Self::ReactionAdded | Self::ReactionRemoved => Some(&["microdao_id", "message_id", "reactor_id", "emoji"]),
            Self::MessagePinned | Self::MessageUnpinned => Some(&["microdao_id", "message_id", "actor_id"]),
            Self::MessagePreview => Some(&["message_id", "previews", "actor_id"]),
            Self::MatrixMessage | Self::MatrixRoomCreated => None,
        }
    }

    /// The JSON Schema of the payload on the subject.
    #[cfg(feature = "openapi")]
    pub fn payload_schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        match self {
            Self::MessageCreated | Self::MessageUpdated | Self::MessageDeleted => {
                generator.subschema_for::<MessageEvent>()
            }
            Self::ChannelCreated | Self::ChannelUpdated | Self::ChannelArchived => {
                generator.subschema_for::<ChannelEvent>()
            }
            Self::MemberInvited
            | Self::MemberJoined
            | Self::MemberLeft
            | Self::MemberKicked
            | Self::MemberRoleChanged => generator.subschema_for::<MemberEvent>(),
            Self::ReactionAdded | Self::ReactionRemoved => generator.subschema_for::<ReactionEvent>(),
            Self::MessagePinned | Self::MessageUnpinned => generator.subschema_for::<PinEvent>(),
            Self::MessagePreview => generator.subschema_for::<PreviewEvent>(),
            Self::MatrixMessage => generator.subschema_for::<MatrixMessageEvent>(),
            Self::MatrixRoomCreated => generator.subschema_for::<MatrixRoomCreatedEvent>(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_names_one_type_and_back() {
        for event in EventType::VARIANTS {
            assert_eq!(EventType::from_subject(event.subject()), Some(*event));
        }
        assert_eq!(EventType::MemberRoleChanged.subject(), "messaging.member.role_changed");
        assert_eq!(EventType::MemberRoleChanged.text(), "member.role_changed");
        assert_eq!(EventType::MatrixRoomCreated.text(), "matrix.room.created");
        for subject in ["", "message.created", "messaging.message", "messaging.message.created.x", "integration.>"] {
            assert_eq!(EventType::from_subject(subject), None, "{subject}");
        }
    }

    #[test]
    fn clients_get_frames_of_messaging_events_only() {
        for event in EventType::VARIANTS {
            let for_clients = event.subject().starts_with("messaging.");
            assert_eq!(event.frame_members().is_some(), for_clients, "{event:?}");
        }
    }
}
