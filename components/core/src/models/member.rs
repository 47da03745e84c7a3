//! Bodies about members.

use crate::ids::EntityId;
use crate::problem::Problem;
use serde::Deserialize;

/// The body of `PATCH …/members/:member_id`: what is absent stays as it is.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
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

/// The body of `POST …/members`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
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
    /// As in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Guest => "guest",
            Self::Agent => "agent",
        }
    }

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

impl InviteMember {
    /// Checks every field; returns who is invited and as what. A Matrix id of one of ours is that one, and
    /// `bot_localpart` names the service itself, which is nobody's guest.
    pub fn validate(&self, server_name: &str, bot_localpart: &str) -> Result<(EntityId, Role), Problem> {
        let member = EntityId::parse_on(&self.member_id, server_name).map_err(|_| {
            Problem::invalid_field("member_id", "must be user:<id>, agent:<id> or a Matrix id @name:server")
        })?;
        if member.as_str() == format!("@{bot_localpart}:{server_name}") {
            return Err(Problem::invalid_field("member_id", "must not be the service itself"));
        }
        let role = self.role.unwrap_or(if member.is_agent() { Role::Agent } else { Role::Member });
        if (role == Role::Agent) != member.is_agent() && (role == Role::Agent || role.manages()) {
            return Err(Problem::invalid_field("role", "must be agent for agents and for nobody else"));
        }
        Ok((member, role))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_invitation_defaults_to_the_role_of_its_kind() {
        let invite = |value| serde_json::from_value::<InviteMember>(value).unwrap().validate("server", "daarion");
        assert_eq!(invite(json!({"member_id": "agent:sofia"})).unwrap().1, Role::Agent);
        assert_eq!(invite(json!({"member_id": "@bob:server"})).unwrap().1, Role::Member);
        assert!(invite(json!({"member_id": "user:bob", "role": "agent"})).is_err());
        assert!(invite(json!({"member_id": "agent:sofia", "role": "owner"})).is_err());
        assert!(invite(json!({"member_id": "agent:sofia", "role": "member"})).is_ok());
        assert!(invite(json!({"member_id": "bob"})).is_err());
        assert!(invite(json!({"member_id": "@daarion:server"})).is_err());
        assert_eq!(invite(json!({"member_id": "@user-zoe:server"})).unwrap().0.as_str(), "user:zoe");
    }
}
