//! Whom an event concerns: whose right to read the channel it may change, and whose membership it is about.

use super::EventType;
use crate::channel::Visibility;
use crate::ids::EntityId;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What of a channel decides who may read it, besides their memberships.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Openness {
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether it is a conversation of two.
    pub is_direct: bool,
    /// Whether its messages are end-to-end encrypted: agents hold no keys, so they lose it.
    pub is_encrypted: bool,
}

impl Openness {
    /// Whether somebody who could read the channel while it was `before` may have lost that, or gained it.
    pub fn matters(self, before: Self, is_agent: bool) -> bool {
        // People who could read before can read a public channel, too.
        self != before && (is_agent || self.visibility != Visibility::Public)
    }
}

/// Whose right to read a channel an event may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessEffect {
    /// Nobody's.
    Nobody,
    /// The right of the member with this id.
    Member(EntityId),
    /// Everybody's, unless the channel was so before.
    Channel(Openness),
    /// Everybody's.
    Everybody,
}

impl EventType {
    /// Whose right to read the channel may have changed with this event. `event` is its payload or its frame; what
    /// cannot be read there counts as a change for everybody.
    pub fn access_effect(self, event: &str) -> AccessEffect {
        #[derive(Deserialize)]
        struct Updated {
            channel: Openness,
            members_changed: Option<IgnoredAny>,
        }
        match self {
            Self::ChannelUpdated => match serde_json::from_str(event) {
                Ok(Updated { channel, members_changed: None }) => AccessEffect::Channel(channel),
                _ => AccessEffect::Everybody,
            },
            Self::ChannelArchived => AccessEffect::Everybody,
            // An invitation can take can_read away, too.
            Self::MemberInvited
            | Self::MemberJoined
            | Self::MemberLeft
            | Self::MemberKicked
            | Self::MemberRoleChanged => match self.concerns(event) {
                Some(member_id) => AccessEffect::Member(member_id),
                None => AccessEffect::Everybody,
            },
            Self::MessageCreated
            | Self::MessageUpdated
            | Self::MessageDeleted
            | Self::ChannelCreated
            | Self::ReactionAdded
            | Self::ReactionRemoved
            | Self::MessagePinned
            | Self::MessageUnpinned
            | Self::MessagePreview
            | Self::MatrixMessage
            | Self::MatrixRoomCreated => AccessEffect::Nobody,
        }
    }

    /// Whose membership this event began, changed or ended. `event` is its payload or its frame.
    pub fn concerns(self, event: &str) -> Option<EntityId> {
        #[derive(Deserialize)]
        struct Member {
            member_id: EntityId,
        }
        #[derive(Deserialize)]
        struct Creator {
            created_by: EntityId,
        }
        match self {
            Self::MemberInvited
            | Self::MemberJoined
            | Self::MemberLeft
            | Self::MemberKicked
            | Self::MemberRoleChanged => serde_json::from_str(event).ok().map(|Member { member_id }| member_id),
            // Who makes a channel is its first member; no other event says so.
            Self::ChannelCreated => serde_json::from_str(event).ok().map(|Creator { created_by }| created_by),
            Self::MessageCreated
            | Self::MessageUpdated
            | Self::MessageDeleted
            | Self::ChannelUpdated
            | Self::ChannelArchived
            | Self::ReactionAdded
            | Self::ReactionRemoved
            | Self::MessagePinned
            | Self::MessageUnpinned
            | Self::MessagePreview
            | Self::MatrixMessage
            | Self::MatrixRoomCreated => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use strum::VariantArray;

    #[test]
    fn an_event_says_whose_access_it_may_change() {
        let effect = |event: EventType, payload: serde_json::Value| event.access_effect(&payload.to_string());
        let bob = json!({"member_id": "user:bob"});
        for event in [
            EventType::MemberInvited,
            EventType::MemberJoined,
            EventType::MemberLeft,
            EventType::MemberKicked,
            EventType::MemberRoleChanged,
        ] {
            let id = EntityId::parse("user:bob").unwrap();
            assert_eq!(effect(event, bob.clone()), AccessEffect::Member(id));
            assert_eq!(effect(event, json!({})), AccessEffect::Everybody);
            assert_eq!(effect(event, json!({"member_id": 7})), AccessEffect::Everybody);
        }
        let channel = json!({"visibility": "private", "is_direct": false, "is_encrypted": true, "name": "x"});
        let openness = Openness { visibility: Visibility::Private, is_direct: false, is_encrypted: true };
        let updated = json!({"visibility": "private", "channel": channel});
        assert_eq!(effect(EventType::ChannelUpdated, updated.clone()), AccessEffect::Channel(openness));
        let many = json!({"channel": channel, "members_changed": 150});
        assert_eq!(effect(EventType::ChannelUpdated, many), AccessEffect::Everybody);
        for unreadable in [json!([]), json!({"visibility": "public"}), json!({"channel": {"visibility": "odd"}})] {
            assert_eq!(effect(EventType::ChannelUpdated, unreadable), AccessEffect::Everybody);
        }
        assert_eq!(effect(EventType::ChannelArchived, updated.clone()), AccessEffect::Everybody);
        assert_eq!(effect(EventType::ChannelCreated, updated), AccessEffect::Nobody);
        assert_eq!(effect(EventType::MessageCreated, bob.clone()), AccessEffect::Nobody);
        assert_eq!(effect(EventType::ReactionAdded, bob), AccessEffect::Nobody);
    }

    #[test]
    fn only_a_change_that_can_take_the_channel_away_matters() {
        let openness = |visibility, is_encrypted| Openness { visibility, is_direct: false, is_encrypted };
        let (open, closed) = (openness(Visibility::Public, false), openness(Visibility::Private, false));
        assert!(!closed.matters(closed, false) && !closed.matters(closed, true));
        assert!(closed.matters(open, false) && closed.matters(open, true));
        assert!(!open.matters(closed, false) && open.matters(closed, true));
        let encrypted = openness(Visibility::Public, true);
        assert!(!encrypted.matters(open, false) && encrypted.matters(open, true));
    }

    #[test]
    fn an_event_says_whose_membership_it_is_about() {
        let bob = Some(EntityId::parse("user:bob").unwrap());
        let event = json!({"member_id": "user:bob", "created_by": "user:bob", "sender_id": "user:bob"}).to_string();
        for kind in EventType::VARIANTS {
            let is_membership = kind.text().starts_with("member.") || *kind == EventType::ChannelCreated;
            assert_eq!(kind.concerns(&event), bob.clone().filter(|_| is_membership), "{kind:?}");
            assert_eq!(kind.concerns("[]"), None);
        }
    }
}
