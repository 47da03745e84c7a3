//! Members of channels: what callers send and get.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::ids::{ChannelId, ChannelMemberId, EntityId};
use crate::page::{FromQuery, Parameter};
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Somebody's membership of a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Member {
    /// The membership: it stays the same when they leave and come back.
    pub id: ChannelMemberId,
    /// The channel.
    pub channel_id: ChannelId,
    /// Who it is.
    pub member_id: EntityId,
    /// What it is.
    pub member_type: MemberType,
    /// Their id in Matrix.
    pub matrix_user_id: String,
    /// Their role.
    pub role: Role,
    /// Whether they may read.
    pub can_read: bool,
    /// Whether they may write.
    pub can_write: bool,
    /// Whether they may invite.
    pub can_invite: bool,
    /// Whether they may remove others.
    pub can_kick: bool,
    /// Whether they may create tasks.
    pub can_create_tasks: bool,
    /// Their power level in the room.
    pub matrix_power_level: i64,
    /// Who invited them.
    pub invited_by: Option<EntityId>,
    /// When they were invited; `null` when they came by themselves.
    pub invited_at: Option<Timestamp>,
    /// Since when they are in; `null` while an invitation is not accepted.
    pub joined_at: Option<Timestamp>,
    /// When they left.
    pub left_at: Option<Timestamp>,
    /// When they were banned; they come back only by invitation.
    pub banned_at: Option<Timestamp>,
    /// What they are called, in an event at that moment, else now; `null` when they have chosen no name, or were never in.
    pub display_name: Option<String>,
    /// Their picture, an `mxc://` address.
    pub avatar_url: Option<String>,
}

/// What takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MemberType {
    /// A user, or a person who exists only in Matrix.
    Human,
    /// An AI agent.
    Agent,
}

/// The body of `PATCH …/members/:member_id`: what is absent stays as it is.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ChangeMember {
    /// The new role; the power level in the room follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Whether they may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_read: Option<bool>,
    /// Whether they may write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_write: Option<bool>,
    /// Whether they may invite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_invite: Option<bool>,
    /// Whether they may remove others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_kick: Option<bool>,
    /// Whether they may create tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_create_tasks: Option<bool>,
}

/// The query of `DELETE …/members/:member_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoveMember {
    /// For good: they come back only by invitation. Also for somebody who is no member at the moment.
    pub ban: bool,
}

impl FromQuery for RemoveMember {
    fn from_query(parameter: Parameter<'_>) -> Result<Self, Problem> {
        match parameter("ban") {
            None | Some("false") => Ok(Self { ban: false }),
            Some("true") => Ok(Self { ban: true }),
            Some(_) => Err(Problem::invalid_parameter("ban", "must be true or false")),
        }
    }

    fn shared_query(&self) -> String {
        format!("ban={}", self.ban)
    }
}

/// The body of `POST …/members`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend(
    "if" = {"properties": {"member_id": {"pattern": "^agent:"}}},
    "then" = {"properties": {"role": {"enum": ["agent", "member", "guest", null]}}},
    "else" = {"properties": {"role": {"not": {"const": "agent"}}}}
)))]
pub struct InviteMember {
    /// A user, an agent, or a Matrix id.
    #[cfg_attr(feature = "openapi", schemars(with = "EntityId"))]
    pub member_id: String,
    /// Default: `agent` for agents, `member` for everybody else.
    pub role: Option<Role>,
    /// Whether they may read; default yes.
    pub can_read: Option<bool>,
    /// Whether they may write; default yes.
    pub can_write: Option<bool>,
    /// Whether they may invite; default by role.
    pub can_invite: Option<bool>,
    /// Whether they may remove others; default by role.
    pub can_kick: Option<bool>,
    /// Whether they may create tasks; default by role.
    pub can_create_tasks: Option<bool>,
}

/// A member's role in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything; power level 100.
    Owner,
    /// Manages members; power level 50.
    Admin,
    /// Talks.
    Member,
    /// Talks, comes from outside the microDAO.
    Guest,
    /// An agent that talks.
    Agent,
}

impl Role {
    /// The power level in the room.
    pub fn power_level(self) -> i32 {
        match self {
            Self::Owner => 100,
            Self::Admin => 50,
            Self::Member | Self::Guest | Self::Agent => 0,
        }
    }

    /// Whether the role brings `can_invite`, `can_kick` and `can_create_tasks` with it.
    pub fn manages(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}

/// Whether an id is that of the service itself, which is in every room to manage it and nobody's member.
pub fn is_service(member_id: &EntityId, server_name: &str, bot_localpart: &str) -> bool {
    member_id.as_str() == format!("@{bot_localpart}:{server_name}")
}

/// An invitation whose fields are checked.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Who is invited.
    pub member_id: EntityId,
    /// The role, and the capabilities that the inviter names; what is left open follows from the role.
    pub details: ChangeMember,
}

impl InviteMember {
    /// Checks every field. The Matrix id of one of our own users is that user, and `bot_localpart` names the
    /// service itself, which nobody can invite.
    pub fn check(self, server_name: &str, bot_localpart: &str) -> Result<Invitation, Problem> {
        let member_id = EntityId::parse_on(&self.member_id, server_name).map_err(|_| {
            Problem::invalid_field("member_id", "must be user:<id>, agent:<id> or a Matrix id @name:server")
        })?;
        if is_service(&member_id, server_name, bot_localpart) {
            return Err(Problem::invalid_field("member_id", "must not be the service itself"));
        }
        let role = self.role.unwrap_or(if member_id.is_agent() { Role::Agent } else { Role::Member });
        if (role == Role::Agent) != member_id.is_agent() && (role == Role::Agent || role.manages()) {
            return Err(Refusal::RoleDoesNotFit.into());
        }
        let details = ChangeMember {
            role: Some(role),
            can_read: self.can_read,
            can_write: self.can_write,
            can_invite: self.can_invite,
            can_kick: self.can_kick,
            can_create_tasks: self.can_create_tasks,
        };
        Ok(Invitation { member_id, details })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_ban_is_asked_for_by_name() {
        let read = |value: Option<&'static str>| RemoveMember::from_query(&|_| value);
        assert_eq!(read(None).unwrap(), RemoveMember { ban: false });
        for (text, ban) in [("true", true), ("false", false)] {
            assert_eq!(read(Some(text)).unwrap(), RemoveMember { ban });
        }
        for text in ["", "1", "True"] {
            assert!(read(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_bot_of_this_homeserver_is_the_service() {
        let is = |id| is_service(&EntityId::parse_on(id, "server").unwrap(), "server", "daarion");
        assert!(is("@daarion:server"));
        for other in ["@daarion:other", "@daarion2:server", "user:daarion", "agent:daarion"] {
            assert!(!is(other), "{other}");
        }
    }

    #[test]
    fn an_invitation_defaults_to_the_role_of_its_kind() {
        let invite = |value| serde_json::from_value::<InviteMember>(value).unwrap().check("server", "daarion");
        let role = |value| invite(value).unwrap().details.role;
        assert_eq!(role(json!({"member_id": "agent:sofia"})), Some(Role::Agent));
        assert_eq!(role(json!({"member_id": "@bob:server"})), Some(Role::Member));
        assert!(invite(json!({"member_id": "user:bob", "role": "agent"})).is_err());
        assert!(invite(json!({"member_id": "agent:sofia", "role": "owner"})).is_err());
        assert!(invite(json!({"member_id": "agent:sofia", "role": "member"})).is_ok());
        assert!(invite(json!({"member_id": "bob"})).is_err());
        assert!(invite(json!({"member_id": "@daarion:server"})).is_err());
        assert_eq!(invite(json!({"member_id": "@user-zoe:server"})).unwrap().member_id.as_str(), "user:zoe");
    }
}
