//! Identifiers as types: whoever holds one holds a valid one.

mod entity;

pub use entity::{EntityId, EntityKind};

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use uuid::Uuid;

/// The namespace of message ids. Part of the contract: the same Matrix event has the same message id everywhere.
const MESSAGE_NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_3c7e_52b8_5a0b_9d0c_6a2f_0d5c_71e4);

/// Why a text is not the identifier it should be. The message is fit for the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId(pub &'static str);

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for InvalidId {}

/// `microdao:<slug>`, slug `[a-z0-9-]+` of at most 100 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "openapi", schemars(extend(
    "pattern" = "^microdao:(?=-*[a-z0-9])[a-z0-9-]{1,100}$",
    "examples" = ["microdao:daarion"]
)))]
#[serde(transparent)]
pub struct MicrodaoId(String);

impl MicrodaoId {
    /// Reads `microdao:<slug>`.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        match text.strip_prefix("microdao:") {
            Some(slug) if is_slug(slug) => Ok(Self(text.to_owned())),
            _ => Err(InvalidId("must be microdao:<slug>, where slug is 1 to 100 of a-z, 0-9 and '-', not only '-'")),
        }
    }

    /// The part behind `microdao:`.
    pub fn slug(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, slug)| slug)
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for MicrodaoId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Whether a text can be a channel's or a microDAO's slug: 1 to 100 of `[a-z0-9-]`, because it becomes part of a room
/// alias, and not of `-` alone.
pub fn is_slug(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && text.bytes().any(|b| b != b'-')
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(inline))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Reads a UUID; `None` when it is none, which for a caller is the same as unknown.
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id! {
    /// A channel.
    ChannelId
}
uuid_id! {
    /// A message: UUID v5 of its Matrix event id, so that every path that indexes an event gives it the same id.
    MessageId
}

uuid_id! {
    /// What a link of a message shows.
    PreviewId
}

uuid_id! {
    /// The erasure of a person.
    ErasureId
}

uuid_id! {
    /// A membership: the row, not the member.
    ChannelMemberId
}

impl MessageId {
    /// The id of the message that is the Matrix event `event_id`.
    pub fn of_event(event_id: &str) -> Self {
        Self(Uuid::new_v5(&MESSAGE_NAMESPACE, event_id.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn malformed_ids_are_refused() {
        for text in
            ["", "user:", "user:Alice", "alice", "agent:a b", "user:а", "@", "@bob", "@bob:", "@b\0b:x", "@bob:x y"]
        {
            assert!(EntityId::parse(text).is_err(), "{text:?}");
        }
        assert!(EntityId::parse(&format!("user:{}", "a".repeat(65))).is_err());
        for text in ["microdao:", "microdao:-", "microdao:--", "microdao:A", "dao:x", "microdao:a_b", "microdao:x:y"] {
            assert!(MicrodaoId::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_message_id_is_stable_across_releases() {
        assert_eq!(MessageId::of_event("$abc:daarion.city").to_string(), MESSAGE_ID_OF_ABC);
    }
    const MESSAGE_ID_OF_ABC: &str = "1eedc51a-4d37-5ef5-b67f-580663ee1bf3";

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = EntityId::parse(&text);
            let _ = EntityId::from_matrix_user_id(&text, "a.example");
            let _ = MicrodaoId::parse(&text);
        }
    }
}
