//! What the functions of the index refuse with. The codes are the values of the SQL type `messaging.refusal`, which
//! `ws-relay migrate` makes from this enum.

use crate::problem::Problem;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Why a function of the index has not done what it was asked for; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    /// There is no such channel, or the caller may not know of it.
    ChannelNotFound,
    /// The channel has no such message.
    MessageNotFound,
    /// Nobody of this id is a member.
    MemberNotFound,
    /// A page was to begin at a message that the channel does not have.
    PositionNotFound,
    /// The message to reply to is not one of the channel's, or was deleted.
    ReplyToNotFound,
    /// The microDAO has a channel with this slug.
    SlugTaken,
    /// Somebody else is creating a channel with this slug.
    BeingCreated,
    /// The channel takes no more writes.
    ChannelArchived,
    /// The caller is not a member of the microDAO.
    NotInMicrodao,
    /// The caller is not a member of the channel, and cannot become one alone.
    NotAMember,
    /// The caller may know of the channel, but not read it.
    CannotRead,
    /// The invited person is a member already, with other rights.
    AlreadyAMember,
    /// The caller lost `can_write`.
    CannotWrite,
    /// The caller lacks `can_invite`.
    CannotInvite,
    /// The caller would give more than they have.
    CannotGrant,
    /// Plain text for an encrypted channel.
    ChannelEncrypted,
    /// Encrypted content for a channel that is not.
    ChannelNotEncrypted,
    /// Only the sender edits.
    NotTheSender,
    /// Only the sender, an admin or the owner deletes.
    CannotDelete,
    /// The message was deleted.
    MessageDeleted,
    /// The caller is neither owner nor admin.
    CannotManage,
    /// The caller may not remove this member.
    CannotKick,
    /// The channel would be left without an owner.
    LastOwner,
    /// The role `agent` is for agents, and agents have no other.
    RoleDoesNotFit,
    /// A direct channel's visibility does not change.
    DirectStaysPrivate,
    /// A direct channel has two members.
    DirectIsOfTwo,
    /// The `Idempotency-Key` came with another request before.
    IdempotencyKeyReused,
}

impl Refusal {
    /// Every refusal, in the order of their definition.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The code in SQL. `code.parse()` is the way back.
    pub fn code(self) -> &'static str {
        self.into()
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code();
        match refusal {
            Refusal::ChannelNotFound => Self::not_found("channel"),
            Refusal::MessageNotFound => Self::not_found("message"),
            Refusal::MemberNotFound => Self::not_found("member"),
            Refusal::PositionNotFound => {
                Self::invalid_parameter("before", "and after must name a message of this channel")
            }
            Refusal::ReplyToNotFound => Self::invalid_field("reply_to", "must be a message of this channel"),
            Refusal::SlugTaken => Self::conflict(code, "This microDAO has a channel with this slug. Choose another."),
            Refusal::BeingCreated => Self::conflict(
                code,
                "Somebody is creating a channel with this slug at the moment. Retry in a minute, or choose another.",
            ),
            Refusal::ChannelArchived => Self::conflict(code, "The channel is archived and takes no more writes."),
            Refusal::NotInMicrodao => Self::forbidden(code, "You are not a member of this microDAO."),
            Refusal::NotAMember => {
                Self::forbidden(code, "Not a member of this channel. A member who may invite has to add you.")
            }
            Refusal::CannotRead => Self::forbidden(code, "You may not read this channel."),
            Refusal::AlreadyAMember => Self::conflict(
                code,
                "They are a member already, with another role or other capabilities. Change the member instead.",
            ),
            Refusal::CannotWrite => Self::forbidden(code, "You may not write in this channel."),
            Refusal::CannotInvite => Self::forbidden(code, "You may not invite to this channel."),
            Refusal::CannotGrant => {
                Self::forbidden(code, "You cannot give a role or a capability that you do not have.")
            }
            Refusal::ChannelEncrypted => {
                Self::conflict(code, "The channel is end-to-end encrypted: plain text is not accepted here.")
            }
            Refusal::ChannelNotEncrypted => {
                Self::conflict(code, "The channel is not encrypted: send text instead of encrypted.")
            }
            Refusal::NotTheSender => Self::forbidden(code, "Only its sender may edit a message."),
            Refusal::CannotDelete => {
                Self::forbidden(code, "Only its sender, an admin or the owner may delete a message.")
            }
            Refusal::MessageDeleted => Self::conflict(code, "The message was deleted."),
            Refusal::CannotManage => Self::forbidden(code, "Only an owner or an admin of the channel may do this."),
            Refusal::CannotKick => Self::forbidden(code, "You may not remove this member."),
            Refusal::LastOwner => Self::conflict(
                code,
                "The channel would be left without an owner. Make somebody else an owner first, or archive the channel.",
            ),
            Refusal::RoleDoesNotFit => Self::invalid_field("role", "must be agent for agents and for nobody else"),
            Refusal::DirectStaysPrivate => Self::conflict(code, "A direct channel is private and stays so."),
            Refusal::DirectIsOfTwo => {
                Self::conflict(code, "A direct channel is of two. Make another channel for more.")
            }
            Refusal::IdempotencyKeyReused => Self::idempotency_key_reused(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;

    #[test]
    fn a_code_leads_back_to_its_refusal() {
        for refusal in Refusal::ALL {
            assert_eq!(refusal.code().parse(), Ok(*refusal));
        }
        assert_eq!(Refusal::NotAMember.code(), "not_a_member");
        assert_eq!(Refusal::ReplyToNotFound.code(), "reply_to_not_found");
        assert!("Channel_not_found".parse::<Refusal>().is_err());
    }

    #[test]
    fn callers_see_the_code_unless_it_is_a_404_or_a_bad_field() {
        for refusal in Refusal::ALL {
            let problem = Problem::from(*refusal);
            match problem.status {
                StatusCode::NOT_FOUND => assert_eq!(problem.code, "not_found"),
                StatusCode::UNPROCESSABLE_ENTITY if !problem.errors.is_empty() => assert_eq!(problem.code, "invalid"),
                _ => assert_eq!(problem.code, refusal.code()),
            }
            assert!(problem.status.is_client_error());
        }
    }
}
