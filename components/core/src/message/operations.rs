//! What the OpenAPI document says of the operations.

use super::{EditMessage, Message, MessageOnPage, MessageWithContent, SendMessage};
use crate::openapi::Who::{Caller, Reader};
use crate::openapi::{Operation, READERS, READING, WRITERS, WRITING, operation};
use crate::paths;
use crate::refusal::Refusal;
use serde_json::json;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("messages", "get", paths::MESSAGES, "listMessages")
            .does(
                "Page through messages",
                "Newest first, those in threads too. Deleted messages are left out unless `deleted` asks for them. \
                 `include=content` adds what `GET` of each message tells, of up to 50 messages; where Matrix does not \
                 respond in time, the text is the index's.",
            )
            .who(Reader(READERS))
            .asks(&["limit", "before", "after", "deleted", "include"])
            .responds::<Vec<MessageOnPage>>(200, "A page of messages.")
            .links(&["next", "prev"])
            .refuses(&READING)
            .refuses(&[Refusal::PositionNotFound]),
        operation("messages", "post", paths::MESSAGES, "sendMessage")
            .does("Send a message", "In an encrypted channel `encrypted` takes the place of `text`.")
            .who(Caller(WRITERS))
            .reads::<SendMessage>(json!({"text": "Hello"}))
            .retry_safe()
            .responds::<Message>(201, "The message.")
            .refuses(&WRITING)
            .refuses(&[
                Refusal::ChannelEncrypted,
                Refusal::ChannelNotEncrypted,
                Refusal::ReplyToNotFound,
                Refusal::ThreadNotFound,
                Refusal::CannotMentionRoom,
            ])
            .asks_optional_call(),
        operation("messages", "get", paths::MESSAGE, "getMessage")
            .does(
                "Get a message",
                "With its full content from Matrix, edits applied. A deleted message stays as a row without its \
                 content, with `deleted_at`.",
            )
            .who(Reader(READERS))
            .responds::<MessageWithContent>(200, "The message.")
            .refuses(&READING)
            .refuses(&[Refusal::MessageNotFound])
            .asks_matrix(),
        operation("messages", "patch", paths::MESSAGE, "editMessage")
            .does(
                "Edit a message",
                "Replaces the whole text; what the message replies to, and its file, stay. In an encrypted channel \
                 `encrypted` takes the place of `text`.",
            )
            .who(Caller("its sender, as a member with `can_write`"))
            .reads::<EditMessage>(json!({"text": "Hello again"}))
            .retry_safe()
            .responds::<Message>(200, "The message as it is now.")
            .refuses(&[
                Refusal::ChannelNotFound,
                Refusal::MessageNotFound,
                Refusal::NotTheSender,
                Refusal::MessageDeleted,
            ])
            .refuses(&[Refusal::NotAMember, Refusal::CannotWrite, Refusal::ChannelArchived, Refusal::ChannelEncrypted])
            .refuses(&[Refusal::ChannelNotEncrypted, Refusal::MessageNotEncrypted])
            .refuses(&[Refusal::NotEditable, Refusal::CannotMentionRoom])
            .asks_optional_call(),
        operation("messages", "delete", paths::MESSAGE, "deleteMessage")
            .does(
                "Delete a message",
                "Redacts it in the room; the index forgets its text. Senders may delete their own also after they \
                 have left, and in an archived channel.",
            )
            .who(Caller("its sender, admins and owners of the channel who may read it"))
            .runs_once()
            .responds_empty(204, "It is deleted, or was already.")
            .refuses(&[
                Refusal::ChannelNotFound,
                Refusal::MessageNotFound,
                Refusal::CannotDelete,
                Refusal::CannotRead,
                Refusal::ChannelArchived,
            ])
            .asks_matrix(),
        operation("messages", "get", paths::REPLIES, "listReplies")
            .does(
                "Page through the replies to a message",
                "Newest first: what is in the thread under it, and what replies to it elsewhere.",
            )
            .who(Reader(READERS))
            .asks(&["limit", "before", "after", "deleted"])
            .responds::<Vec<Message>>(200, "A page of replies.")
            .links(&["next", "prev"])
            .refuses(&READING)
            .refuses(&[Refusal::MessageNotFound, Refusal::PositionNotFound]),
    ]
}
