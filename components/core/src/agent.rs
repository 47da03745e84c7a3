//! Agents: what the platform's services send for them and get.

#[cfg(feature = "openapi")]
mod operations;
#[cfg(feature = "openapi")]
pub use operations::operations;

use crate::channel::Visibility;
use crate::file::NewFile;
use crate::ids::{ChannelId, EntityId, MessageId, MicrodaoId};
#[cfg(feature = "openapi")]
use crate::mention::{MAX_MENTIONS, Mention};
#[cfg(feature = "openapi")]
use crate::message::{MAX_HTML_CHARACTERS, MAX_TEXT_CHARACTERS};
use crate::message::{Message, MessageType};
#[cfg(feature = "openapi")]
use crate::text::patterns;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The body of `POST …/post-to-channel`.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct AgentPost {
    /// Where to post.
    pub channel_id: ChannelId,
    /// 1 to 10,000 characters. Of a message with a file it is the caption, which may be left out.
    #[cfg_attr(feature = "openapi", schemars(length(min = 1, max = MAX_TEXT_CHARACTERS), regex(pattern = patterns::MESSAGE)))]
    pub text: Option<String>,
    /// What kind of message it is; `m.notice` when it is left out, or `m.text` with `notify`. One with a file is `m.image`,
    /// `m.file`, `m.audio` or `m.video`.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "crate::openapi::is_default"))]
    pub msgtype: MessageType,
    /// The text as HTML.
    #[cfg_attr(feature = "openapi", schemars(length(max = MAX_HTML_CHARACTERS), regex(pattern = patterns::MESSAGE)))]
    pub formatted_body: Option<String>,
    /// A message of the same channel.
    pub reply_to: Option<MessageId>,
    /// Who is meant, at most 50; `room`, for everybody in the channel, takes a power level that agents rarely have.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "Vec::is_empty", with = "Vec<Mention>", length(max = MAX_MENTIONS)))]
    pub mentions: Vec<String>,
    /// Whether Matrix clients notify people of it: then it is an `m.text` with `city.daarion.agent` in its content, and a
    /// notice otherwise.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schemars(skip_serializing_if = "crate::openapi::is_default"))]
    pub notify: bool,
    /// The thread: the message under which it is, as for a person's message.
    pub thread_id: Option<MessageId>,
    /// The file of an `m.image`, `m.file`, `m.audio` or `m.video`: content that the agent has uploaded, or that is in a message
    /// which it may read.
    pub file: Option<Box<NewFile>>,
}

/// What became of an agent's post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct AgentPosted {
    /// Always `posted`.
    pub status: Posted,
    /// The message.
    pub message_id: MessageId,
    /// The message as the index knows it.
    pub message: Message,
}

/// The only status of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum Posted {
    /// It is in the room and in the index.
    Posted,
}

/// What an agent filter has to know of a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
pub struct AgentContext {
    /// The channel.
    pub channel_id: ChannelId,
    /// The microDAO that it belongs to.
    pub microdao_id: MicrodaoId,
    /// Who may see it.
    pub visibility: Visibility,
    /// Unique in the microDAO.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What it is about at the moment.
    pub topic: Option<String>,
    /// Whether it is a conversation of two.
    pub is_direct: bool,
    /// Whether it is encrypted, so that agents can read nothing.
    pub is_encrypted: bool,
    /// Since when it takes no more writes.
    pub archived_at: Option<Timestamp>,
    /// Agents that are members and may write.
    pub allowed_agents: Vec<EntityId>,
    /// Agents that are members and may not write.
    pub disabled_agents: Vec<EntityId>,
}
