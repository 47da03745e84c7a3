//! What the functions of the index refuse with, as problems for the caller.

use http::StatusCode;
use messaging_core::problem::Problem;
use serde::Deserialize;

/// The answer of a function that refused: nothing was changed.
#[derive(Deserialize)]
struct Refused {
    refused: String,
}

/// The problem behind an answer of the index, if it is a refusal.
pub fn of(answer: &str) -> Option<Problem> {
    // Only a refusal starts like this: PostgreSQL writes a jsonb's keys in one order, and this is the only key.
    if !answer.starts_with("{\"refused\"") {
        return None;
    }
    let refused: Refused = serde_json::from_str(answer).ok()?;
    Some(problem(&refused.refused))
}

/// The problem for a refusal's code.
pub fn problem(code: &str) -> Problem {
    match code {
        "channel_not_found" => Problem::not_found("channel"),
        "message_not_found" => Problem::not_found("message"),
        "member_not_found" => Problem::not_found("member"),
        "position_not_found" => Problem::invalid_parameter("before", "and after must name a message of this channel"),
        "reply_to_not_found" => Problem::invalid_field("reply_to", "must be a message of this channel"),
        "slug_taken" => Problem::conflict("slug_taken", "This microDAO has a channel with this slug. Choose another."),
        "being_created" => Problem::conflict(
            "being_created",
            "Somebody is creating a channel with this slug at the moment. Retry in a minute, or choose another.",
        ),
        "channel_archived" => {
            Problem::conflict("channel_archived", "The channel is archived and takes no more writes.")
        }
        "not_in_microdao" => Problem::forbidden("not_in_microdao", "You are not a member of this microDAO."),
        "not_a_member" => {
            Problem::forbidden("not_a_member", "Not a member of this channel. A member who may invite has to add you.")
        }
        "cannot_read" => Problem::forbidden("cannot_read", "You may not read this channel."),
        "already_a_member" => Problem::conflict(
            "already_a_member",
            "They are a member already, with another role or other capabilities. Change the member instead.",
        ),
        "cannot_write" => Problem::forbidden("cannot_write", "You may not write in this channel."),
        "cannot_invite" => Problem::forbidden("cannot_invite", "You may not invite to this channel."),
        "cannot_grant" => {
            Problem::forbidden("cannot_grant", "You cannot give a role or a capability that you do not have.")
        }
        "encrypted" => Problem::new(
            StatusCode::CONFLICT,
            "channel_encrypted",
            "The channel is end-to-end encrypted: plain text is not accepted here.",
        ),
        "not_encrypted" => {
            Problem::conflict("channel_not_encrypted", "The channel is not encrypted: send text instead of encrypted.")
        }
        "not_the_sender" => Problem::forbidden("not_the_sender", "Only its sender may edit a message."),
        "cannot_delete" => {
            Problem::forbidden("cannot_delete", "Only its sender, an admin or the owner may delete a message.")
        }
        "message_deleted" => Problem::conflict("message_deleted", "The message was deleted."),
        "cannot_manage" => Problem::forbidden("cannot_manage", "Only an owner or an admin of the channel may do this."),
        "cannot_kick" => Problem::forbidden("cannot_kick", "You may not remove this member."),
        "last_owner" => Problem::conflict(
            "last_owner",
            "The channel would be left without an owner. Make somebody else an owner first, or archive the channel.",
        ),
        "role_does_not_fit" => Problem::invalid_field("role", "must be agent for agents and for nobody else"),
        "direct_stays_private" => {
            Problem::conflict("direct_stays_private", "A direct channel is private and stays so.")
        }
        "direct_is_of_two" => {
            Problem::conflict("direct_is_of_two", "A direct channel is of two. Make another channel for more.")
        }
        "idempotency_key_reused" => Problem::idempotency_key_reused(),
        other => Problem::internal(format!("the index refused with an unknown code: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_of_the_migrations_has_its_problem() {
        let folder = format!("{}/../../migrations", env!("CARGO_MANIFEST_DIR"));
        let mut codes = BTreeSet::new();
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            codes.extend(
                text.split("messaging.refused('").skip(1).filter_map(|rest| rest.split('\'').next()).map(str::to_owned),
            );
        }
        // Those that a migration chooses by CASE.
        codes.extend(
            ["not_a_member", "not_the_sender", "cannot_delete", "cannot_manage", "cannot_write"].map(str::to_owned),
        );
        assert!(codes.len() > 20, "{codes:?}");
        for code in codes {
            assert!(problem(&code).status != StatusCode::INTERNAL_SERVER_ERROR, "{code}");
        }
    }
}
