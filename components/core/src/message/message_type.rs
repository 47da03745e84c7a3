//! The kinds of messages that callers send.

use serde::Deserialize;
use strum::IntoStaticStr;

/// The `msgtype` of an `m.room.message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub enum MessageType {
    /// `m.text`
    #[default]
    #[serde(rename = "m.text")]
    #[strum(serialize = "m.text")]
    Text,
    /// `m.notice`: what software says, so that other software does not reply to it.
    #[serde(rename = "m.notice")]
    #[strum(serialize = "m.notice")]
    Notice,
    /// `m.emote`: what somebody does, `/me`.
    #[serde(rename = "m.emote")]
    #[strum(serialize = "m.emote")]
    Emote,
    /// `m.image`
    #[serde(rename = "m.image")]
    #[strum(serialize = "m.image")]
    Image,
    /// `m.file`
    #[serde(rename = "m.file")]
    #[strum(serialize = "m.file")]
    File,
    /// `m.audio`
    #[serde(rename = "m.audio")]
    #[strum(serialize = "m.audio")]
    Audio,
    /// `m.video`
    #[serde(rename = "m.video")]
    #[strum(serialize = "m.video")]
    Video,
}

impl MessageType {
    /// As in Matrix.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether an event of this type is invalid without the file that it is about.
    pub fn needs_file(self) -> bool {
        matches!(self, Self::Image | Self::File | Self::Audio | Self::Video)
    }
}
