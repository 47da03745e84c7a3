//! The table of routes: what DESIGN calls the contract, one method of one path after the other.

use super::problems::{alias_taken, invalid_emoji, only_oneself};
use super::route::Who::{Anyone, Caller, Gateway, Internal};
use super::route::{Route, route};
use messaging_core::answers::{
    AgentContext, AgentPosted, Channel, Health, Member, Message, MessageWithContent, Reaction, Readiness,
};
use messaging_core::models::{
    AgentPost, ChangeChannel, ChangeMember, CreateChannel, EditMessage, InviteMember, SendMessage,
};
use messaging_core::problem::Problem;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

const CHANNELS: &str = "/api/messaging/channels";
const CHANNEL: &str = "/api/messaging/channels/{channel_id}";
const MESSAGES: &str = "/api/messaging/channels/{channel_id}/messages";
const MESSAGE: &str = "/api/messaging/channels/{channel_id}/messages/{message_id}";
const REPLIES: &str = "/api/messaging/channels/{channel_id}/messages/{message_id}/replies";
const REACTIONS: &str = "/api/messaging/channels/{channel_id}/messages/{message_id}/reactions";
const REACTION: &str = "/api/messaging/channels/{channel_id}/messages/{message_id}/reactions/{emoji}";
const MEMBERS: &str = "/api/messaging/channels/{channel_id}/members";
const MEMBER: &str = "/api/messaging/channels/{channel_id}/members/{member_id}";

const READERS: &str = "who may read the channel: anybody identified (public), the microDAO's and the channel's members \
                       (microdao), members with `can_read` (private, direct)";
const WRITERS: &str = "who may write in the channel: anybody identified (public), the microDAO's and the channel's \
                       members (microdao), members (private, direct), unless `can_write` was taken from them. Who is \
                       not in it yet joins by this; agents never do";
const MANAGERS: &str = "owners and admins of the channel";
const UNCHANGED: &str = "What `If-None-Match` names is still the newest.";

/// What anybody is refused who cannot see a channel or not read it.
const READING: [&str; 2] = ["channel_not_found", "cannot_read"];
/// What anybody is refused who cannot write in a channel.
const WRITING: [&str; 4] = ["channel_not_found", "not_a_member", "cannot_write", "channel_archived"];

/// Every route, in the order in which they are shown.
pub fn routes() -> Vec<Route> {
    [channels(), messages(), reactions(), members(), agents(), service(), homeserver()].into_iter().flatten().collect()
}

fn channels() -> Vec<Route> {
    vec![
        route("channels", "get", CHANNELS, "listChannels")
            .does("List channels", "Newest first, without those that are archived. A page ends where `Link` says.")
            .who(Caller("anybody identified; they get what they may see"))
            .asks(&["microdao_id", "limit", "cursor"])
            .answers::<Vec<Channel>>(200, "A page of channels.")
            .links(&["next"]),
        route("channels", "post", CHANNELS, "createChannel")
            .does(
                "Create a channel",
                "Makes the Matrix room and the channel; the caller owns it. A direct channel (`is_direct` with \
                 `members`) is private, and a pair has only one: asked for again, it is found and not made.",
            )
            .who(Caller("members of the microDAO"))
            .reads::<CreateChannel>(json!({
                "slug": "general", "name": "General", "microdao_id": "microdao:daarion", "visibility": "public"
            }))
            .retry_safe()
            .answers::<Channel>(201, "The channel.")
            .answers::<Channel>(200, "The direct channel that the pair had already.")
            .refuses(&["not_in_microdao", "slug_taken", "being_created", "channel_archived"])
            .fails([alias_taken()])
            .asks_matrix(),
        route("channels", "get", CHANNEL, "getChannel")
            .does("Get a channel", "")
            .who(Caller("who may see the channel"))
            .answers::<Channel>(200, "The channel.")
            .refuses(&["channel_not_found"]),
        route("channels", "patch", CHANNEL, "changeChannel")
            .does("Change a channel", "The room's name, topic, avatar and visibility follow.")
            .who(Caller(MANAGERS))
            .reads::<ChangeChannel>(json!({"topic": "Everything", "description": null}))
            .answers::<Channel>(200, "The channel as it is now.")
            .refuses(&["channel_not_found", "cannot_manage", "channel_archived", "direct_stays_private"])
            .asks_matrix(),
        route("channels", "delete", CHANNEL, "archiveChannel")
            .does("Archive a channel", "It stays readable, takes no more writes and leaves the lists.")
            .who(Caller(MANAGERS))
            .answers_nothing(204, "It is archived, or was already.")
            .refuses(&["channel_not_found", "cannot_manage"])
            .asks_matrix(),
    ]
}

fn messages() -> Vec<Route> {
    vec![
        route("messages", "get", MESSAGES, "listMessages")
            .does("Page through messages", "Newest first.")
            .who(Caller(READERS))
            .asks(&["limit", "before", "after"])
            .answers::<Vec<Message>>(200, "A page of messages.")
            .links(&["next", "prev"])
            .refuses(&READING)
            .refuses(&["position_not_found"]),
        route("messages", "post", MESSAGES, "sendMessage")
            .does("Send a message", "In an encrypted channel `encrypted` takes the place of `text`.")
            .who(Caller(WRITERS))
            .reads::<SendMessage>(json!({"text": "Hello"}))
            .retry_safe()
            .answers::<Message>(201, "The message.")
            .refuses(&WRITING)
            .refuses(&["encrypted", "not_encrypted", "reply_to_not_found"])
            .asks_matrix(),
        route("messages", "get", MESSAGE, "getMessage")
            .does("Get a message", "With its full content from Matrix, edits applied.")
            .who(Caller(READERS))
            .answers::<MessageWithContent>(200, "The message.")
            .refuses(&READING)
            .refuses(&["message_not_found"])
            .asks_matrix(),
        route("messages", "patch", MESSAGE, "editMessage")
            .does("Edit a message", "Replaces the whole text.")
            .who(Caller("its sender, as a member with `can_write`"))
            .reads::<EditMessage>(json!({"text": "Hello again"}))
            .takes_key()
            .answers::<Message>(200, "The message as it is now.")
            .refuses(&["channel_not_found", "message_not_found", "not_the_sender", "message_deleted"])
            .refuses(&["not_a_member", "cannot_write", "channel_archived", "encrypted"])
            .asks_matrix(),
        route("messages", "delete", MESSAGE, "deleteMessage")
            .does("Delete a message", "Redacts it in the room; the index forgets its text.")
            .who(Caller("its sender, admins and owners of the channel"))
            .answers_nothing(204, "It is deleted, or was already.")
            .refuses(&["channel_not_found", "message_not_found", "cannot_delete", "not_a_member", "channel_archived"])
            .asks_matrix(),
        route("messages", "get", REPLIES, "listReplies")
            .does("Page through the replies to a message", "Newest first.")
            .who(Caller(READERS))
            .asks(&["limit", "before", "after"])
            .answers::<Vec<Message>>(200, "A page of replies.")
            .links(&["next", "prev"])
            .refuses(&READING)
            .refuses(&["message_not_found", "position_not_found"]),
    ]
}

fn reactions() -> Vec<Route> {
    vec![
        route("reactions", "get", REACTIONS, "listReactions")
            .does("List the reactions to a message", "In the order in which each emoji was first used.")
            .who(Caller(READERS))
            .answers::<Vec<Reaction>>(200, "The reactions.")
            .refuses(&READING)
            .refuses(&["message_not_found"]),
        route("reactions", "put", REACTION, "addReaction")
            .does("React to a message", "Reacting so again changes nothing.")
            .who(Caller(WRITERS))
            .answers_nothing(204, "The caller has reacted so.")
            .refuses(&WRITING)
            .refuses(&["message_not_found", "message_deleted"])
            .fails([invalid_emoji()])
            .asks_matrix(),
        route("reactions", "delete", REACTION, "removeReaction")
            .does("Take a reaction back", "Taking back what is not there changes nothing.")
            .who(Caller("who reacted so"))
            .answers_nothing(204, "The caller has not reacted so.")
            .refuses(&["channel_not_found", "message_not_found", "channel_archived"])
            .fails([invalid_emoji()])
            .asks_matrix(),
    ]
}

fn members() -> Vec<Route> {
    vec![
        route("members", "get", MEMBERS, "listMembers")
            .does("List members", "Those who are in or invited, in a fixed order. A page ends where `Link` says.")
            .who(Caller("who may see the channel"))
            .asks(&["member_limit", "cursor"])
            .answers::<Vec<Member>>(200, "A page of members.")
            .links(&["next"])
            .refuses(&["channel_not_found"]),
        route("members", "post", MEMBERS, "inviteMember")
            .does(
                "Invite a member",
                "Users and agents are in at once; a person who exists only in Matrix decides themselves. Inviting a \
                 member again, just as they are, changes nothing.",
            )
            .who(Caller("members with `can_invite`, up to their own role and capabilities"))
            .reads::<InviteMember>(json!({"member_id": "agent:sofia"}))
            .retry_safe()
            .answers::<Member>(201, "The member.")
            .refuses(&[
                "channel_not_found",
                "cannot_invite",
                "direct_is_of_two",
                "cannot_grant",
                "already_a_member",
                "channel_archived",
            ])
            .asks_matrix(),
        route("members", "put", MEMBER, "joinChannel")
            .does("Join a channel", "Only `me` can be put. Joining again changes nothing.")
            .who(Caller("who may see the channel and is no agent"))
            .answers::<Member>(200, "The caller's membership.")
            .refuses(&["channel_not_found", "member_not_found", "not_a_member", "channel_archived"])
            .fails([only_oneself()])
            .asks_matrix(),
        route("members", "patch", MEMBER, "changeMember")
            .does(
                "Change a member's role and capabilities",
                "A new role brings its capabilities with it, unless they are named too. The power level in the room \
                 follows.",
            )
            .who(Caller("owners and admins of the channel, up to their own role and capabilities"))
            .reads::<ChangeMember>(json!({"role": "admin"}))
            .answers::<Member>(200, "The member as they are now.")
            .refuses(&["channel_not_found", "member_not_found", "cannot_manage", "cannot_grant", "last_owner"])
            .refuses(&["role_does_not_fit", "channel_archived"])
            .asks_matrix(),
        route("members", "delete", MEMBER, "removeMember")
            .does("Leave, or remove a member", "Leaves when it is oneself, removes somebody else otherwise.")
            .who(Caller("anybody for themselves; members with `can_kick` for those below their role"))
            .answers_nothing(204, "They are no member any more.")
            .refuses(&["channel_not_found", "member_not_found", "cannot_kick", "last_owner"])
            .asks_matrix(),
    ]
}

fn agents() -> Vec<Route> {
    vec![
        route("agents", "post", "/internal/agents/{agent_id}/post-to-channel", "postAsAgent")
            .does("Post as an agent", "Agents speak in notices (`m.notice`).")
            .who(Internal("for agents that are members and may write"))
            .reads::<AgentPost>(json!({"channel_id": "6f1d3c7e-52b8-4a0b-9d0c-6a2f0d5c71e4", "text": "Good morning"}))
            .retry_safe()
            .answers::<AgentPosted>(200, "It is posted.")
            .refuses(&WRITING)
            .refuses(&["encrypted", "reply_to_not_found"])
            .fails([Problem::not_found("agent")])
            .asks_matrix(),
        route("agents", "get", "/internal/messaging/channels/{channel_id}/context", "getAgentContext")
            .does("Who may answer in a channel", "What an agent filter has to know.")
            .who(Internal("for every channel"))
            .answers::<AgentContext>(200, "The context.")
            .refuses(&["channel_not_found"]),
        route("agents", "get", "/internal/messaging/channels/{channel_id}/messages", "listMessagesForAgent")
            .does("Page through messages as an agent", "Newest first.")
            .who(Internal("as an agent, or as a service that may read every channel"))
            .asks(&["reader", "limit", "before", "after"])
            .answers::<Vec<Message>>(200, "A page of messages.")
            .links(&["next", "prev"])
            .refuses(&READING)
            .refuses(&["position_not_found"])
            .fails([Problem::not_found("agent")]),
    ]
}

fn service() -> Vec<Route> {
    vec![
        route("service", "get", "/health", "getHealth")
            .does("Whether the service is alive", "")
            .who(Anyone)
            .answers::<Health>(200, "It is."),
        route("service", "get", "/health/ready", "getReadiness")
            .does("Whether the service can do its work", "Looks at PostgreSQL, the gateway and the homeserver.")
            .who(Anyone)
            .answers::<Readiness>(200, "It can.")
            .answers::<Readiness>(503, "A part is missing."),
        route("service", "get", "/openapi.json", "getOpenapi")
            .does("This document", "")
            .who(Anyone)
            .answers::<Map<String, Value>>(200, "OpenAPI 3.1.")
            .answers_nothing(304, UNCHANGED),
        route("service", "get", "/docs", "getDocs")
            .does("This document, to read and to try", "")
            .who(Anyone)
            .answers_with(200, "A page.", "text/html", SchemaGenerator::subschema_for::<String>)
            .answers_nothing(304, UNCHANGED),
    ]
}

/// What the homeserver itself calls (`/_matrix/app/v1/…`) is in the Matrix specification.
fn homeserver() -> Vec<Route> {
    vec![
        route("homeserver", "post", "/webhooks/matrix-events", "receiveMatrixEvents")
            .does(
                "Receive events of rooms",
                "For a gateway that is not this project's own: one event as the homeserver has it, or \
                 `{\"events\": […]}`. What was seen before changes nothing.",
            )
            .who(Gateway)
            .reads::<Map<String, Value>>(json!({"events": []}))
            .answers::<Map<String, Value>>(200, "They are stored."),
    ]
}
