//! The paths of the routes, with the parameters that they have.

/// The channels that the caller may see.
pub const CHANNELS: &str = "/api/messaging/channels";
/// One channel.
pub const CHANNEL: &str = "/api/messaging/channels/:channel_id";
/// A channel's messages.
pub const MESSAGES: &str = "/api/messaging/channels/:channel_id/messages";
/// One message.
pub const MESSAGE: &str = "/api/messaging/channels/:channel_id/messages/:message_id";
/// The replies to a message.
pub const REPLIES: &str = "/api/messaging/channels/:channel_id/messages/:message_id/replies";
/// The reactions to a message.
pub const REACTIONS: &str = "/api/messaging/channels/:channel_id/messages/:message_id/reactions";
/// The caller's reaction with one emoji.
pub const REACTION: &str = "/api/messaging/channels/:channel_id/messages/:message_id/reactions/:emoji";
/// What one link of a message shows.
pub const PREVIEW: &str = "/api/messaging/channels/:channel_id/messages/:message_id/previews/:preview_id";
/// How far the caller has read a channel.
pub const READ: &str = "/api/messaging/channels/:channel_id/read";
/// The caller's mark that a channel is unread.
pub const MARKED_UNREAD: &str = "/api/messaging/channels/:channel_id/unread";
/// Whether the caller has muted a channel.
pub const MUTED: &str = "/api/messaging/channels/:channel_id/muted";
/// Who has read a channel how far.
pub const RECEIPTS: &str = "/api/messaging/channels/:channel_id/receipts";
/// All that is unread to the caller.
pub const UNREAD: &str = "/api/messaging/unread";
/// What messages are found by words.
pub const SEARCH: &str = "/api/messaging/search";
/// A channel's threads.
pub const THREADS: &str = "/api/messaging/channels/:channel_id/threads";
/// Whether the caller follows the thread under a message.
pub const FOLLOWING: &str = "/api/messaging/channels/:channel_id/threads/:message_id/following";
/// A channel's pinned messages.
pub const PINS: &str = "/api/messaging/channels/:channel_id/pins";
/// One pinned message.
pub const PIN: &str = "/api/messaging/channels/:channel_id/pins/:message_id";
/// Whether the caller types in a channel.
pub const TYPING: &str = "/api/messaging/channels/:channel_id/typing";
/// A channel's members.
pub const MEMBERS: &str = "/api/messaging/channels/:channel_id/members";
/// One member; `me` is the caller.
pub const MEMBER: &str = "/api/messaging/channels/:channel_id/members/:member_id";
/// Somebody's profile; `me` is the caller.
pub const PROFILE: &str = "/api/messaging/profiles/:member_id";
/// Where files for a channel are uploaded.
pub const FILES: &str = "/api/messaging/channels/:channel_id/files";
/// Content of the homeserver's repository.
pub const MEDIA: &str = "/api/messaging/media/:server_name/:media_id";
/// A small picture of it.
pub const MEDIA_THUMBNAIL: &str = "/api/messaging/media/:server_name/:media_id/thumbnail";
/// Where it is for a short time without a header.
pub const MEDIA_URL: &str = "/api/messaging/media/:server_name/:media_id/url";
/// The same of several.
pub const MEDIA_URLS: &str = "/api/messaging/media/urls";
/// Where agents post.
pub const AGENT_POST: &str = "/internal/agents/:agent_id/post-to-channel";
/// An agent's profile, for the service that acts for it.
pub const AGENT_PROFILE: &str = "/internal/agents/:agent_id/profile";
/// What an agent filter has to know of a channel.
pub const AGENT_CONTEXT: &str = "/internal/messaging/channels/:channel_id/context";
/// A channel's messages for agents and services.
pub const AGENT_MESSAGES: &str = "/internal/messaging/channels/:channel_id/messages";
/// What messages are found by words, for agents and services.
pub const AGENT_SEARCH: &str = "/internal/messaging/search";
/// Where a relay has the homeserver told that a member types, or has stopped.
pub const TYPING_IN_ROOM: &str = "/internal/messaging/channels/:channel_id/typing";
/// Somebody's memberships in all channels of a microDAO.
pub const MICRODAO_MEMBER: &str = "/internal/messaging/microdaos/:microdao_id/members/:member_id";
/// Events from a gateway that is not this project's own.
pub const MATRIX_WEBHOOK: &str = "/webhooks/matrix-events";
/// Events of the homeserver that could not be indexed.
pub const SET_ASIDE_EVENTS: &str = "/internal/messaging/set-aside-events";
/// Where they are tried again.
pub const SET_ASIDE_REPLAY: &str = "/internal/messaging/set-aside-events/replay";
/// Where a channel is compared with the history of its room.
pub const RECONCILE: &str = "/internal/messaging/channels/:channel_id/reconcile";
/// Where a channel's messages get what search finds them by.
pub const REINDEX: &str = "/internal/messaging/channels/:channel_id/reindex";
/// Where Matrix is told of receipts.
pub const SEND_RECEIPTS: &str = "/internal/messaging/receipts";
/// Where the homeserver is had to delete content.
pub const DELETE_CONTENT: &str = "/internal/messaging/content/delete";
/// Where a relay has removed what has had its time.
pub const REMOVE_EXPIRED: &str = "/internal/messaging/removals";
/// Whether a channel is on hold.
pub const HOLD: &str = "/internal/messaging/channels/:channel_id/hold";
/// Where the erasure of a person begins.
pub const ERASE_PERSON: &str = "/internal/messaging/persons/:member_id/erase";
/// How far an erasure is.
pub const ERASURE: &str = "/internal/messaging/erasures/:erasure_id";
/// What is kept of a channel.
pub const EXPORT_CHANNEL: &str = "/internal/messaging/export/channels/:channel_id";
/// What is kept of a person.
pub const EXPORT_PERSON: &str = "/internal/messaging/export/persons/:member_id";
/// Where a relay stores the pictures of pages.
pub const PREVIEW_IMAGES: &str = "/internal/messaging/preview-images";
/// Whether the service is alive.
pub const HEALTH: &str = "/health";
/// Whether the service can do its work.
pub const READY: &str = "/health/ready";
/// The contract of the REST routes.
pub const OPENAPI: &str = "/openapi.json";
/// The contract of the WebSocket and of NATS.
pub const ASYNCAPI: &str = "/asyncapi.json";
/// The contract, to read.
pub const DOCS: &str = "/docs";
/// Where components have HTML cleaned.
pub const CLEAN_HTML: &str = "/clean";
/// One channel's WebSocket, at ws-relay.
pub const WEBSOCKET: &str = "/ws/messaging/:channel_id";
/// The WebSocket for many channels, at ws-relay.
pub const WEBSOCKETS: &str = "/ws/messaging";

/// What the homeserver calls (Matrix application service API, "Homeserver -> Application Service API").
pub mod appservice {
    /// Events.
    pub const TRANSACTION: &str = "/_matrix/app/v1/transactions/:transaction_id";
    /// Whether a user exists.
    pub const USER: &str = "/_matrix/app/v1/users/:user_id";
    /// Whether a room alias exists.
    pub const ROOM: &str = "/_matrix/app/v1/rooms/:room_alias";
    /// Whether the homeserver reaches this service.
    pub const PING: &str = "/_matrix/app/v1/ping";
}
