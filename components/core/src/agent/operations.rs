//! What the OpenAPI document says of the operations.

use super::{AgentContext, AgentPost, AgentPosted};
use crate::message::Message;
use crate::openapi::Who::Internal;
use crate::openapi::{Operation, READING, WRITING, operation};
use crate::paths;
use crate::problem::Problem;
use crate::refusal::Refusal;
use serde_json::json;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("agents", "post", paths::AGENT_POST, "postAsAgent")
            .does(
                "Post as an agent",
                "Agents speak in notices (`m.notice`), of which Matrix clients notify nobody, unless they say `notify`. Who \
                 reads the room sees by the sender's id, `@agent-…`, that software wrote it, and here by `sender_type`; the \
                 field `city.daarion.agent` is a help for clients and no proof.",
            )
            .who(Internal("for agents that are members and may write"))
            .reads::<AgentPost>(json!({"channel_id": "6f1d3c7e-52b8-4a0b-9d0c-6a2f0d5c71e4", "text": "Good morning"}))
            .retry_safe()
            .responds::<AgentPosted>(200, "It is posted.")
            .refuses(&WRITING)
            .refuses(&[Refusal::ChannelEncrypted, Refusal::ReplyToNotFound, Refusal::ThreadNotFound])
            .refuses(&[Refusal::CannotMentionRoom])
            .fails([Problem::not_found("agent"), Problem::agent_not_allowed()])
            .asks_optional_call(),
        operation("agents", "get", paths::AGENT_CONTEXT, "getAgentContext")
            .does("Who may answer in a channel", "What an agent filter has to know.")
            .who(Internal("for every channel"))
            .responds::<AgentContext>(200, "The context.")
            .refuses(&[Refusal::ChannelNotFound]),
        operation("agents", "get", paths::AGENT_MESSAGES, "listMessagesForAgent")
            .does("Page through messages as an agent", "Newest first.")
            .who(Internal("as an agent, or as a service that may read every channel"))
            .asks(&["reader", "limit", "before", "after", "deleted"])
            .responds::<Vec<Message>>(200, "A page of messages.")
            .links(&["next", "prev"])
            .refuses(&READING)
            .refuses(&[Refusal::PositionNotFound])
            .fails([Problem::not_found("agent"), Problem::agent_not_allowed()]),
    ]
}
