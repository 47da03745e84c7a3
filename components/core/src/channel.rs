//! Channels: what callers send and get.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

mod create;

pub use create::*;

use crate::event::Seq;
use crate::ids::{ChannelId, EntityId, MicrodaoId};
use crate::member::Role;
use crate::message::Message;
use crate::problem::{FieldError, Problem};
use crate::text::TextKind::{Line, Lines};
#[cfg(feature = "openapi")]
use crate::text::patterns;
use crate::text::{check_mxc, check_text};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// The longest time that a channel's messages are kept for, if not for ever, in days.
pub const MAX_RETENTION_DAYS: i32 = 3_650;

/// A channel: a Matrix room and what the index knows of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Channel {
    /// The channel.
    pub id: ChannelId,
    /// Unique in the microDAO.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The microDAO that it belongs to.
    pub microdao_id: MicrodaoId,
    /// The room behind it, which may change when the room is upgraded.
    pub matrix_room_id: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether it is a conversation of two.
    pub is_direct: bool,
    /// Whether its messages are end-to-end encrypted.
    pub is_encrypted: bool,
    /// What it is about at the moment.
    pub topic: Option<String>,
    /// An `mxc://` address.
    pub avatar_url: Option<String>,
    /// Who made it.
    pub created_by: EntityId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its name, description, topic, avatar or visibility last changed.
    pub updated_at: Timestamp,
    /// Since when it takes no more writes and is in no list.
    pub archived_at: Option<Timestamp>,
    /// Whether links of its messages show what they are; `null`: yes where it is public or its microDAO's, no where it is
    /// private. Those of an encrypted channel never do.
    pub link_previews: Option<bool>,
    /// After how many days messages are deleted, in Matrix as well; `null`: when the platform's maximum is over, if it has one.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(required, !default, range(min = 1, max = MAX_RETENTION_DAYS), extend("type" = ["integer", "null"])))]
    pub retention_days: Option<i32>,
    /// Up to this number the caller has read it; `null` without a marker, and then nothing is unread. This and the next four are
    /// only in a list of channels and in a `GET` of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub read_seq: Option<Seq>,
    /// The others' messages behind it, without deleted ones and replies in threads. 100 stands for any number from 100 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "i32", range(min = 0, max = 100)))]
    pub unread_count: Option<i32>,
    /// The others' messages behind it that name the caller or everybody. 100 stands for any number from 100 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "i32", range(min = 0, max = 100)))]
    pub mention_count: Option<i32>,
    /// Whether the caller has marked it as unread by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "bool"))]
    pub marked_unread: Option<bool>,
    /// Whether the caller has muted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(with = "bool"))]
    pub muted: Option<bool>,
    /// How many members have joined; `null` for who may not read the channel. This and what follows is there in lists and
    /// in `GET` of the channel, and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 0)))]
    pub member_count: Option<i64>,
    /// The newest message that is not deleted, replies too; `null` when there is none, or for who may not read the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<Box<Message>>,
    /// The number of the channel's newest event; `null` for who may not read the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub last_seq: Option<i64>,
    /// What the caller is in the channel; `null` when they are neither a member nor invited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<Box<Membership>>,
    /// For how many days messages are kept: the channel's own `retention_days` or the platform's maximum, whichever is less;
    /// `null`: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(range(min = 1)))]
    pub kept_days: Option<i32>,
    /// The other one of a direct channel, also after they have left; `null` in other channels, and for who is none of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_member_id: Option<EntityId>,
}

/// What the caller is and may do in a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct Membership {
    /// What they are in the channel.
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
    /// Who invited them.
    pub invited_by: Option<EntityId>,
    /// When they were invited.
    pub invited_at: Option<Timestamp>,
    /// When they joined; `null` while they are only invited.
    pub joined_at: Option<Timestamp>,
}

/// The body of `PATCH …/channels/:channel_id`: what is absent stays as it is, `null` takes it away.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ChangeChannel {
    /// 1 to 255 characters in one line that one can see.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = 255), regex(pattern = patterns::LINE)))]
    pub name: Option<String>,
    /// At most 2,000 characters, some of which one can see; line breaks and tabs are allowed.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default, length(max = 2_000), regex(pattern = patterns::LINES_OR_NOTHING)))]
    pub description: Option<Option<String>>,
    /// At most 500 characters in one line that one can see.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default, length(max = 500), regex(pattern = patterns::LINE_OR_NOTHING)))]
    pub topic: Option<Option<String>>,
    /// An `mxc://` address.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default, length(max = 255), regex(pattern = patterns::MXC)))]
    pub avatar_url: Option<Option<String>>,
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// Whether links of its messages show what they are; `null`: as its visibility says. In a private channel only its owner
    /// may say `true`, which ends when a channel becomes private.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default))]
    pub link_previews: Option<Option<bool>>,
    /// After how many days messages are deleted, which only an owner says, and which holds for those that are there as well;
    /// `null`: when the platform's maximum is over, if it has one.
    #[serde(default, deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schemars(!default, range(min = 1, max = MAX_RETENTION_DAYS)))]
    pub retention_days: Option<Option<i32>>,
    /// `false` opens an archived channel again, before anything else is changed. `DELETE` archives.
    #[cfg_attr(feature = "openapi", schemars(extend("not" = {"const": true})))]
    pub archived: Option<bool>,
}

/// Tells `null` (`Some(None)`) from absent (`None`).
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ChangeChannel {
    /// Checks every field; returns the new value of each column that the caller names.
    pub fn check(&self) -> Result<serde_json::Map<String, serde_json::Value>, Problem> {
        let mut errors = Vec::new();
        check_text("name", Line, self.name.as_deref(), (1, 255), &mut errors);
        let text = |value: &Option<Option<String>>| value.clone().flatten();
        check_text("description", Lines, text(&self.description).as_deref(), (0, 2_000), &mut errors);
        check_text("topic", Line, text(&self.topic).as_deref(), (0, 500), &mut errors);
        check_mxc("avatar_url", text(&self.avatar_url).as_deref(), &mut errors);
        if self.retention_days.flatten().is_some_and(|days| !(1..=MAX_RETENTION_DAYS).contains(&days)) {
            errors.push(FieldError::body("retention_days", "must be null or a number of days from 1 to 3650"));
        }
        if self.archived == Some(true) {
            errors
                .push(FieldError::body("archived", "must be false, which opens the channel again; DELETE archives it"));
        }
        if !errors.is_empty() {
            return Err(Problem::invalid(errors));
        }
        let mut changes = serde_json::Map::new();
        let mut set = |column: &str, value: serde_json::Value| changes.insert(column.to_owned(), value);
        if let Some(name) = &self.name {
            set("name", name.as_str().into());
        }
        for (column, value) in
            [("description", &self.description), ("topic", &self.topic), ("avatar_url", &self.avatar_url)]
        {
            if let Some(value) = value {
                // Matrix knows no empty topic, only none.
                set(column, value.clone().filter(|text| !text.is_empty()).map_or(serde_json::Value::Null, Into::into));
            }
        }
        if let Some(visibility) = self.visibility {
            set("visibility", visibility.as_str().into());
        }
        if let Some(link_previews) = self.link_previews {
            set("link_previews", link_previews.into());
        }
        if let Some(retention_days) = self.retention_days {
            set("retention_days", retention_days.into());
        }
        Ok(changes)
    }
}

/// Who may see a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
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
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn null_takes_away_and_absent_leaves() {
        let change: ChangeChannel = serde_json::from_value(json!({"topic": null, "name": "New"})).unwrap();
        let changes = change.check().unwrap();
        assert_eq!(serde_json::Value::Object(changes), json!({"topic": null, "name": "New"}));
    }

    #[test]
    fn messages_are_kept_for_some_days_or_for_ever() {
        let of = |days: serde_json::Value| {
            serde_json::from_value::<ChangeChannel>(json!({"retention_days": days})).map(|change| change.check())
        };
        for days in [json!(1), json!(3_650), json!(null)] {
            assert_eq!(of(days.clone()).unwrap().unwrap().get("retention_days"), Some(&days));
        }
        for days in [json!(0), json!(-1), json!(3_651)] {
            assert_eq!(of(days).unwrap().unwrap_err().errors[0].pointer.as_deref(), Some("/retention_days"));
        }
        assert!(of(json!("7")).is_err() && of(json!(1.5)).is_err());
    }

    #[test]
    fn a_change_opens_a_channel_and_never_archives_it() {
        let of = |value: serde_json::Value| serde_json::from_value::<ChangeChannel>(value).unwrap();
        assert!(of(json!({"archived": false})).check().unwrap().is_empty());
        let problem = of(json!({"archived": true, "name": "New"})).check().unwrap_err();
        assert_eq!(problem.errors[0].pointer.as_deref(), Some("/archived"));
    }
}
