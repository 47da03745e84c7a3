//! What the OpenAPI document says of the operations.

use super::{Erasure, ExportPage, Hold, Removed, SetHold};
use crate::openapi::Who::Internal;
use crate::openapi::{Operation, operation};
use crate::paths;
use crate::problem::Problem;
use crate::refusal::Refusal;
use serde_json::json;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("life", "post", paths::REMOVE_EXPIRED, "removeExpired")
            .does(
                "Remove what has had its time",
                "Redacts in Matrix, and removes here, up to 20 events that `ws-relay` has noted as due: messages that are older \
                 than their channel's `kept_days`, their edits, reactions and votes. Where the homeserver is away they wait \
                 for it; what a room refuses goes here alone after five tries.",
            )
            .who(Internal("for ws-relay"))
            .responds::<Removed>(200, "What became of it."),
        operation("life", "put", paths::HOLD, "holdChannel")
            .does(
                "Put a channel on hold",
                "From then on nothing of it is deleted by retention or erasure, until the hold ends. People still delete what they \
                 may. The audit log has it.",
            )
            .who(Internal("for the platform"))
            .reads::<SetHold>(json!({"reason": "Case 41/2026"}))
            .responds::<Hold>(200, "The hold.")
            .refuses(&[Refusal::ChannelNotFound]),
        operation("life", "delete", paths::HOLD, "releaseChannel")
            .does("End a channel's hold", "What has had its time meanwhile goes soon. The audit log has it.")
            .who(Internal("for the platform"))
            .responds::<Hold>(200, "There is no hold.")
            .refuses(&[Refusal::ChannelNotFound]),
        operation("life", "post", paths::ERASE_PERSON, "erasePerson")
            .does(
                "Erase a person",
                "Begins it, or finds the one that is under way; `ws-relay` has it carried out in small steps. They leave all                  channels, what they have said, reacted and voted is redacted in Matrix and removed here with its files, their                  profile is cleared, and in rows that stay, the audit log among them, somebody stands who is nobody. Meanwhile they                  cannot write. End their account first. There is no way back.",
            )
            .who(Internal("for the platform"))
            .responds::<Erasure>(202, "How far it is.")
            .fails([Problem::not_found("member")]),
        operation("life", "get", paths::ERASURE, "getErasure")
            .does("How far an erasure is", "")
            .who(Internal("for the platform"))
            .responds::<Erasure>(200, "How far it is.")
            .refuses(&[Refusal::ErasureNotFound]),
        operation("life", "get", paths::EXPORT_CHANNEL, "exportChannel")
            .does(
                "What is kept of a channel",
                "A page of up to 40 items of a part, in an order that stays: the channel, its members, its messages with what Matrix                  has of them and their reactions, its pins, the files that messages show, and the audit log. `ws-relay export` goes                  through all of it, and fetches the files' bytes.",
            )
            .who(Internal("for the platform"))
            .asks(&["channel_part", "export_after"])
            .responds::<ExportPage>(200, "A page.")
            .refuses(&[Refusal::ChannelNotFound])
            .asks_matrix(),
        operation("life", "get", paths::EXPORT_PERSON, "exportPerson")
            .does(
                "What is kept of a person",
                "As of a channel: their profile, their memberships, what they have said in any channel, their reactions, the files that                  their messages show, and what they have uploaded.",
            )
            .who(Internal("for the platform"))
            .asks(&["person_part", "export_after"])
            .responds::<ExportPage>(200, "A page.")
            .fails([Problem::not_found("member")])
            .asks_matrix(),
    ]
}
