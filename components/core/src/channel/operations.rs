//! What the OpenAPI document says of the operations.

use super::{ChangeChannel, Channel, CreateChannel};
use crate::openapi::Who::{Caller, Reader};
use crate::openapi::{MANAGERS, Operation, operation};
use crate::paths;
use crate::refusal::Refusal;
use serde_json::json;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("channels", "get", paths::CHANNELS, "listChannels")
            .does(
                "List channels",
                "Without those that are archived; newest first, or by activity. A page ends where `Link` says. By activity \
                 a channel in which somebody writes goes to the top, and never down: from page to page none comes twice, and \
                 what has moved meanwhile is on a new first page.",
            )
            .who(Caller("anybody identified; they get what they may see"))
            .asks(&["of_microdao", "joined", "channel_order", "channel_limit", "cursor"])
            .responds::<Vec<Channel>>(200, "A page of channels.")
            .links(&["next"]),
        operation("channels", "post", paths::CHANNELS, "createChannel")
            .does(
                "Create a channel",
                "Makes the Matrix room and the channel; the caller owns it. A direct channel (`is_direct` with \
                 `members`) is private, and a pair has only one: asked for again, it is found and not made, people who \
                 have left it are back, and one that was archived is open again when one of its owners asks.",
            )
            .who(Caller("members of the microDAO; agents only direct channels"))
            .reads::<CreateChannel>(json!({
                "slug": "general", "name": "General", "microdao_id": "microdao:daarion", "visibility": "public"
            }))
            .retry_safe()
            .responds::<Channel>(201, "The channel.")
            .responds::<Channel>(200, "The direct channel that the pair had already.")
            .refuses(&[
                Refusal::NotInMicrodao,
                Refusal::SlugTaken,
                Refusal::AliasTaken,
                Refusal::BeingCreated,
                Refusal::ChannelArchived,
            ])
            .refuses(&[Refusal::ChannelNotFound, Refusal::NotAMember, Refusal::Banned, Refusal::TooManyInvitations])
            .refuses(&[Refusal::AgentsMakeNoChannels, Refusal::ChannelBeingChanged])
            .asks_matrix(),
        operation("channels", "get", paths::CHANNEL, "getChannel")
            .does("Get a channel", "")
            .who(Reader("who may see the channel, and services of the platform"))
            .responds::<Channel>(200, "The channel.")
            .refuses(&[Refusal::ChannelNotFound]),
        operation("channels", "patch", paths::CHANNEL, "changeChannel")
            .does(
                "Change a channel",
                "The room's name, topic, avatar and visibility follow. `archived: false` opens an archived channel and its \
                 room again; what was said in the room meanwhile need not be in it.",
            )
            .who(Caller(MANAGERS))
            .reads::<ChangeChannel>(json!({"topic": "Everything", "description": null}))
            .runs_once()
            .responds::<Channel>(200, "The channel as it is now.")
            .refuses(&[
                Refusal::ChannelNotFound,
                Refusal::CannotManage,
                Refusal::CannotAllowPreviews,
                Refusal::CannotSetRetention,
                Refusal::ChannelArchived,
                Refusal::DirectStaysPrivate,
                Refusal::ChannelBeingChanged,
            ])
            .asks_optional_call(),
        operation("channels", "delete", paths::CHANNEL, "archiveChannel")
            .does("Archive a channel", "It stays readable, takes no more writes and leaves the lists.")
            .who(Caller(MANAGERS))
            .runs_once()
            .responds_empty(204, "It is archived, or was already.")
            .refuses(&[Refusal::ChannelNotFound, Refusal::CannotManage, Refusal::ChannelBeingChanged])
            .asks_matrix(),
    ]
}
