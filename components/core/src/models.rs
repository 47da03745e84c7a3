//! What callers send: each body is validated whole, so that one answer names every bad field.

use crate::ids::{EntityId, MessageId, MicrodaoId, is_slug};
use crate::problem::{FieldError, Problem};
use serde::Deserialize;

/// The body of `POST /api/messaging/channels`.
#[derive(Debug, Clone, Deserialize)]
pub struct CreateChannel {
    /// 1 to 100 of `[a-z0-9-]`, unique in the microDAO.
    pub slug: String,
    /// 1 to 255 characters.
    pub name: String,
    /// At most 2,000 characters.
    pub description: Option<String>,
    /// The microDAO that the channel belongs to.
    pub microdao_id: String,
    /// Who may see it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Whether its messages are end-to-end encrypted.
    #[serde(default)]
    pub is_encrypted: bool,
    /// At most 500 characters.
    pub topic: Option<String>,
    /// An `mxc://` address.
    pub avatar_url: Option<String>,
}

/// Who may see a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Any authenticated caller.
    Public,
    /// Members of the channel.
    Private,
    /// Members of the microDAO and of the channel.
    #[default]
    Microdao,
}

impl Visibility {
    /// As in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Microdao => "microdao",
        }
    }
}

impl CreateChannel {
    /// Checks every field; returns the microDAO.
    pub fn validate(&self) -> Result<MicrodaoId, Problem> {
        let mut errors = Vec::new();
        if !is_slug(&self.slug) {
            errors.push(FieldError::body("slug", "must be 1 to 100 of a-z, 0-9 and '-'"));
        }
        check_text("name", Some(&self.name), 1, 255, &mut errors);
        check_text("description", self.description.as_deref(), 0, 2_000, &mut errors);
        check_text("topic", self.topic.as_deref(), 0, 500, &mut errors);
        check_mxc("avatar_url", self.avatar_url.as_deref(), &mut errors);
        let microdao = MicrodaoId::parse(&self.microdao_id);
        if let Err(e) = &microdao {
            errors.push(FieldError::body("microdao_id", e.0));
        }
        // The alias is #<slug>-<microdao slug>:<server>, and Matrix limits an alias to 255 bytes.
        if let Ok(microdao) = &microdao
            && errors.is_empty()
            && self.slug.len() + microdao.slug().len() > 180
        {
            errors.push(FieldError::body("slug", "and the microDAO's slug are too long together for a room alias"));
        }
        match microdao {
            Ok(microdao) if errors.is_empty() => Ok(microdao),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

/// The body of `POST …/messages`.
#[derive(Debug, Clone, Deserialize)]
pub struct SendMessage {
    /// 1 to 10,000 characters.
    pub text: String,
    /// What kind of message it is.
    #[serde(default)]
    pub msgtype: MessageType,
    /// The text as HTML, carried as it is and never interpreted here.
    pub formatted_body: Option<String>,
    /// A message of the same channel.
    pub reply_to: Option<MessageId>,
}

/// The `msgtype` of an `m.room.message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub enum MessageType {
    /// `m.text`
    #[default]
    #[serde(rename = "m.text")]
    Text,
    /// `m.notice`: what software says, so that other software does not answer it.
    #[serde(rename = "m.notice")]
    Notice,
    /// `m.image`
    #[serde(rename = "m.image")]
    Image,
    /// `m.file`
    #[serde(rename = "m.file")]
    File,
    /// `m.audio`
    #[serde(rename = "m.audio")]
    Audio,
    /// `m.video`
    #[serde(rename = "m.video")]
    Video,
}

impl MessageType {
    /// As in Matrix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "m.text",
            Self::Notice => "m.notice",
            Self::Image => "m.image",
            Self::File => "m.file",
            Self::Audio => "m.audio",
            Self::Video => "m.video",
        }
    }
}

/// How many characters a message may have.
pub const MAX_TEXT_CHARACTERS: usize = 10_000;

impl SendMessage {
    /// Checks every field.
    pub fn validate(&self) -> Result<(), Problem> {
        let mut errors = Vec::new();
        check_text("text", Some(&self.text), 1, MAX_TEXT_CHARACTERS, &mut errors);
        check_text("formatted_body", self.formatted_body.as_deref(), 0, 40_000, &mut errors);
        if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors)) }
    }
}

/// The body of `POST …/post-to-channel`.
#[derive(Debug, Clone, Deserialize)]
pub struct AgentPost {
    /// Where to post.
    pub channel_id: crate::ids::ChannelId,
    /// 1 to 10,000 characters.
    pub text: String,
    /// The text as HTML.
    pub formatted_body: Option<String>,
    /// A message of the same channel.
    pub reply_to: Option<MessageId>,
}

/// The body of `POST …/members`.
#[derive(Debug, Clone, Deserialize)]
pub struct InviteMember {
    /// A user, an agent, or a Matrix id.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
    /// Checks every field; returns who is invited and as what.
    pub fn validate(&self) -> Result<(EntityId, Role), Problem> {
        let member = EntityId::parse(&self.member_id).map_err(|_| {
            Problem::invalid_field("member_id", "must be user:<id>, agent:<id> or a Matrix id @name:server")
        })?;
        let role = self.role.unwrap_or(if member.is_agent() { Role::Agent } else { Role::Member });
        if (role == Role::Agent) != member.is_agent() && (role == Role::Agent || role.manages()) {
            return Err(Problem::invalid_field("role", "must be agent for agents and for nobody else"));
        }
        Ok((member, role))
    }
}

/// Adds an error unless `text` has `min` to `max` characters and no NUL, which PostgreSQL cannot store.
fn check_text(field: &str, text: Option<&str>, min: usize, max: usize, errors: &mut Vec<FieldError>) {
    let Some(text) = text else { return };
    let length = text.chars().take(max + 1).count();
    if length < min || length > max {
        let detail = match min {
            0 => format!("must have at most {max} characters"),
            _ => format!("must have {min} to {max} characters"),
        };
        errors.push(FieldError::body(field, detail));
    } else if text.contains('\0') {
        errors.push(FieldError::body(field, "must not contain the character NUL"));
    }
}

fn check_mxc(field: &str, url: Option<&str>, errors: &mut Vec<FieldError>) {
    let Some(url) = url else { return };
    let valid = url.strip_prefix("mxc://").and_then(|rest| rest.split_once('/')).is_some_and(|(server, id)| {
        !server.is_empty() && !id.is_empty() && url.len() <= 255 && url.bytes().all(|b| b.is_ascii_graphic())
    });
    if !valid {
        errors.push(FieldError::body(field, "must be an mxc://server/id address"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn create(value: serde_json::Value) -> CreateChannel {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn every_bad_field_of_a_channel_is_named() {
        let bad = create(
            json!({"slug": "Bad Slug", "name": "", "microdao_id": "x", "topic": "a\0b", "avatar_url": "http://x"}),
        );
        let problem = bad.validate().unwrap_err();
        let fields: Vec<_> = problem.errors.iter().filter_map(|e| e.pointer.as_deref()).collect();
        assert_eq!(fields, ["/slug", "/name", "/topic", "/avatar_url", "/microdao_id"]);
        let good = create(json!({"slug": "test", "name": "Test", "microdao_id": "microdao:daarion"}));
        assert_eq!(good.visibility, Visibility::Microdao);
        assert!(good.validate().is_ok());
    }

    #[test]
    fn text_is_counted_in_characters() {
        let send =
            |text: String| SendMessage { text, msgtype: MessageType::Text, formatted_body: None, reply_to: None };
        assert!(send("😀".repeat(10_000)).validate().is_ok());
        assert!(send("a".repeat(10_001)).validate().is_err());
        assert!(send(String::new()).validate().is_err());
        assert!(send("a\0".to_owned()).validate().is_err());
    }

    #[test]
    fn an_invitation_defaults_to_the_role_of_its_kind() {
        let invite = |value| serde_json::from_value::<InviteMember>(value).unwrap().validate();
        assert_eq!(invite(json!({"member_id": "agent:sofia"})).unwrap().1, Role::Agent);
        assert_eq!(invite(json!({"member_id": "@bob:server"})).unwrap().1, Role::Member);
        assert!(invite(json!({"member_id": "user:bob", "role": "agent"})).is_err());
        assert!(invite(json!({"member_id": "agent:sofia", "role": "owner"})).is_err());
        assert!(invite(json!({"member_id": "agent:sofia", "role": "member"})).is_ok());
        assert!(invite(json!({"member_id": "bob"})).is_err());
    }
}
