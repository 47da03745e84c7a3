//! The gateway's wire types, as its client and the gateway itself write and read them.
//!
//! The contract is the platform's own, so what a gateway may leave out is optional here, and unknown fields are
//! ignored. Matrix ids are texts: the gateway checks them. Errors are Matrix error codes.

mod any_object;
mod errors;
mod events;
pub mod paths;
mod users;

pub use any_object::AnyObject;
pub use errors::{Meaning, advice};
pub use events::*;
pub use users::*;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The header that carries the gateway's secret.
pub const TOKEN_HEADER: &str = "x-internal-service-token";

/// Why a call was not carried out (Matrix client-server API, "Standard error response").
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorBody {
    /// A Matrix error code, `M_…`.
    pub error: String,
    /// For people.
    pub message: String,
}

impl ErrorBody {
    /// The body of a response, or an empty one where it is none.
    pub fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}

/// In: `create-room`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CreateRoom {
    /// The room's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The room's topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// `public` lists the room, anything else does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// The alias without `#` and server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_alias_name: Option<String>,
    /// `public_chat` or `private_chat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// State events that the room starts with.
    pub initial_state: Vec<Value>,
    /// Power levels that differ from the homeserver's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_level_content_override: Option<Map<String, Value>>,
    /// Names the channel that the room is for.
    pub creation_content: Map<String, Value>,
    /// Who gets power level 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator_matrix_id: Option<String>,
}

/// Out: `create-room`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreatedRoom {
    /// The room.
    pub room_id: String,
    /// Its alias, with `#` and server; none when it was to have none, or when another room has it.
    pub room_alias: Option<String>,
}

/// Out: `GET rooms/{room_id}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Room {
    /// The room.
    pub room_id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its topic.
    pub topic: Option<String>,
    /// Its picture, `mxc://…`.
    pub avatar_url: Option<String>,
    /// Its main alias.
    pub canonical_alias: Option<String>,
    /// How many are in it or invited.
    pub member_count: u64,
    /// How many are in it.
    pub joined_members: u64,
    /// The encryption algorithm, when it is encrypted.
    pub encryption: Option<String>,
}

/// Out: `GET rooms/{room_id}/state?type=…&state_key=…`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CurrentState {
    /// The whole event; none when the room has no such state.
    pub event: Option<Box<RawValue>>,
}

/// Out: `GET rooms/{room_id}/members`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RoomMembers {
    /// Who is in, invited or banned.
    pub members: Vec<RoomMember>,
}

/// One of a room's members.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RoomMember {
    /// Who, as a Matrix id.
    pub user_id: String,
    /// `join`, `invite` or `ban`.
    pub membership: String,
    /// Their name in the room, as they have it. A gateway may leave out this and the following.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Their picture in the room, as they have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// When they came to be so, milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at_ms: Option<i64>,
}

/// In: `PUT rooms/{room_id}/name`, `…/topic`, `…/avatar` and `…/visibility`: the field of the path.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomChange {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The topic; an empty text removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// `mxc://…`; an empty text removes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar_url: Option<String>,
    /// `public` lets everybody join and lists the room, anything else takes both back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// With `visibility`: the alias that the room has afterwards, without `#` and server; an empty text removes it, and
    /// without this field it stays as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_alias_name: Option<String>,
    /// Whose act it is; the bot's when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_matrix_id: Option<String>,
}

/// Out: `PUT rooms/{room_id}/visibility`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VisibilityChanged {
    /// The event.
    pub event_id: String,
    /// The alias that the room was given, with `#` and server; none when another room has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_alias: Option<String>,
}

/// In: `PUT rooms/{room_id}/power-level`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PowerLevel {
    /// Whose level, as a Matrix id.
    pub user_id: String,
    /// The level.
    pub power_level: i32,
    /// Whose act it is; the bot's when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_matrix_id: Option<String>,
}

/// In: `PUT rooms/{room_id}/read-only`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReadOnly {
    /// Whether nobody may send any more.
    pub read_only: bool,
    /// Whose act it is; the bot's when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_matrix_id: Option<String>,
}

/// In: `PUT rooms/{room_id}/pinned`. Out is [`Sent`]: the event of the list as it is afterwards.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pinned {
    /// The event that is pinned or is not.
    pub event_id: String,
    /// Whether the room's list has it afterwards. All else in the list stays as it is.
    pub pinned: bool,
    /// Whose act it is; the bot's when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_matrix_id: Option<String>,
}

/// In: `PUT rooms/{room_id}/typing`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TypingChange {
    /// Who, as a Matrix id: one of the gateway's own users, who is in the room.
    pub user_id: String,
    /// Whether they type.
    pub typing: bool,
    /// For how long, in milliseconds, unless they stop before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
}
