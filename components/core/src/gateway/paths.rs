//! The gateway's paths, each once.

/// Makes a room.
pub const CREATE_ROOM: &str = "/internal/matrix/create-room";
/// What a room is.
pub const ROOM: &str = "/internal/matrix/rooms/:room_id";
/// A room's history.
pub const MESSAGES: &str = "/internal/matrix/rooms/:room_id/messages";
/// One event.
pub const EVENT: &str = "/internal/matrix/rooms/:room_id/event/:event_id";
/// One state event of a room as it is now.
pub const STATE: &str = "/internal/matrix/rooms/:room_id/state";
/// Who is in a room, invited or banned. A gateway may leave it out.
pub const MEMBERS: &str = "/internal/matrix/rooms/:room_id/members";
/// The ids of an event's edits. A gateway may leave it out.
pub const EDITS: &str = "/internal/matrix/rooms/:room_id/event/:event_id/edits";
/// A room's name.
pub const NAME: &str = "/internal/matrix/rooms/:room_id/name";
/// A room's topic.
pub const TOPIC: &str = "/internal/matrix/rooms/:room_id/topic";
/// A room's picture.
pub const AVATAR: &str = "/internal/matrix/rooms/:room_id/avatar";
/// Whether anybody may join a room.
pub const VISIBILITY: &str = "/internal/matrix/rooms/:room_id/visibility";
/// Somebody's power level in a room.
pub const POWER_LEVEL: &str = "/internal/matrix/rooms/:room_id/power-level";
/// Whether a room takes no more messages.
pub const READ_ONLY: &str = "/internal/matrix/rooms/:room_id/read-only";
/// Whose conversation a room is. A gateway may leave it out.
pub const DIRECT: &str = "/internal/matrix/rooms/:room_id/direct";
/// Whether an event is in a room's list of pinned ones. A gateway may leave it out.
pub const PINNED: &str = "/internal/matrix/rooms/:room_id/pinned";
/// Whether somebody types in a room. A gateway may leave it out.
pub const TYPING: &str = "/internal/matrix/rooms/:room_id/typing";
/// Sends a message.
pub const SEND: &str = "/internal/matrix/send";
/// Reacts to an event.
pub const SEND_REACTION: &str = "/internal/matrix/send-reaction";
/// Says how far one of the gateway's own users has read. A gateway may leave it out.
pub const RECEIPT: &str = "/internal/matrix/receipt";
/// Redacts an event.
pub const REDACT: &str = "/internal/matrix/redact";
/// Invites somebody.
pub const INVITE: &str = "/internal/matrix/invite";
/// Joins one of the gateway's own users.
pub const JOIN: &str = "/internal/matrix/join";
/// Takes one of the gateway's own users out of a room.
pub const LEAVE: &str = "/internal/matrix/leave";
/// Removes somebody from a room.
pub const KICK: &str = "/internal/matrix/kick";
/// Removes somebody from a room for good, also who is not in it. A gateway may leave it out.
pub const BAN: &str = "/internal/matrix/ban";
/// Ends a ban. A gateway may leave it out.
pub const UNBAN: &str = "/internal/matrix/unban";
/// Registers one of the gateway's own users.
pub const REGISTER_USER: &str = "/internal/matrix/register-user";
/// A token for one of the gateway's own users.
pub const USER_TOKEN: &str = "/internal/matrix/users/token";
/// What somebody is called.
pub const USER_DISPLAY_NAME: &str = "/internal/matrix/users/:user_id/display-name";
/// Somebody's picture.
pub const USER_AVATAR: &str = "/internal/matrix/users/:user_id/avatar";
/// Uploads a file.
pub const UPLOAD: &str = "/internal/matrix/upload";
/// How large a file may be. A gateway may leave it out.
pub const MEDIA_CONFIG: &str = "/internal/matrix/media/config";
/// Content of the homeserver's repository. A gateway may leave it out.
pub const MEDIA: &str = "/internal/matrix/media/:server_name/:media_id";
/// A small picture of it. A gateway may leave it out.
pub const MEDIA_THUMBNAIL: &str = "/internal/matrix/media/:server_name/:media_id/thumbnail";
/// Subscribes a webhook to a room's events.
pub const SUBSCRIBE: &str = "/internal/matrix/webhook/subscribe";
/// One subscription.
pub const SUBSCRIPTION: &str = "/internal/matrix/webhook/subscribe/:subscription_id";
/// Whether the gateway and its homeserver are there.
pub const HEALTH: &str = "/internal/matrix/health";

/// Whether a gateway may be without this call: what the platform's own specification does not have.
pub fn is_optional(path: &str) -> bool {
    [
        EVENT,
        EDITS,
        STATE,
        MEMBERS,
        TOPIC,
        AVATAR,
        VISIBILITY,
        POWER_LEVEL,
        READ_ONLY,
        DIRECT,
        BAN,
        UNBAN,
        RECEIPT,
        HEALTH,
        PINNED,
        TYPING,
        MEDIA_CONFIG,
        MEDIA,
        MEDIA_THUMBNAIL,
    ]
    .contains(&path)
}
