//! What the OpenAPI document says of the operations.

use super::{ChangeProfile, Profile, not_yours};
use crate::openapi::Who::{Caller, Internal, Reader};
use crate::openapi::{Operation, operation};
use crate::paths;
use crate::problem::Problem;
use crate::refusal::Refusal;
use serde_json::json;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("profiles", "get", paths::PROFILE, "getProfile")
            .does(
                "Get a profile",
                "Messages and members carry name and picture, so this is for one's own profile, and for somebody who was \
                 met elsewhere. Whoever is only invited to a channel is not known there before they come.",
            )
            .who(Reader("oneself; who may see a channel that they are or were in; and services of the platform"))
            .responds::<Profile>(200, "The profile.")
            .refuses(&[Refusal::MemberNotFound]),
        operation("profiles", "put", paths::PROFILE, "changeProfile")
            .does(
                "Change one's own name and picture",
                "What is absent stays as it is, `null` takes it away. Everybody in the caller's channels is shown them, also \
                 in Matrix, where somebody without a name is called by their id. Changing it to what it is changes \
                 nothing. `avatar_url` is the address of a file that was uploaded to Matrix.",
            )
            .who(Caller("oneself: `me`, or one's own id"))
            .reads::<ChangeProfile>(json!({"display_name": "Alice"}))
            .runs_once()
            .responds::<Profile>(200, "The profile as it is now.")
            .refuses(&[Refusal::MemberNotFound, Refusal::ProfileBeingChanged])
            .fails([not_yours()])
            .asks_matrix(),
        operation("profiles", "put", paths::AGENT_PROFILE, "changeAgentProfile")
            .does("Change an agent's name and picture", "As the agent itself would.")
            .who(Internal("for every agent that it may act for"))
            .reads::<ChangeProfile>(json!({"display_name": "Sofia"}))
            .runs_once()
            .responds::<Profile>(200, "The profile as it is now.")
            .refuses(&[Refusal::ProfileBeingChanged])
            .fails([Problem::not_found("agent"), Problem::agent_not_allowed()])
            .asks_matrix(),
    ]
}
