//! Why the index refuses: one name in SQL (the domain `messaging.refusal`), in Rust, and in the problem's `code`.

use crate::problem::Problem;
use http::StatusCode;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A refusal of the index. Nothing was changed.
///
/// `ws-relay migrate` makes the SQL type from this list, so a new refusal is one variant here and its problem below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    /// There is no such channel, or the caller may not know of it.
    ChannelNotFound,
    /// The channel has no such message.
    MessageNotFound,
    /// The channel has no such member.
    MemberNotFound,
    /// No link of the message shows this.
    PreviewNotFound,
    /// `before` or `after` names no message of the channel.
    PositionNotFound,
    /// `reply_to` names no message of the channel.
    ReplyToNotFound,
    /// `thread_id` names no message of the channel that may have a thread.
    ThreadNotFound,
    /// The file, or its thumbnail, is none that the caller has uploaded or may read.
    FileNotFound,
    /// The microDAO has a channel with this slug.
    SlugTaken,
    /// Another channel, living or archived, has the room alias that this one would get.
    AliasTaken,
    /// Another request is creating a channel with this slug.
    BeingCreated,
    /// The channel takes no more writes.
    ChannelArchived,
    /// The caller is not a member of the microDAO.
    NotInMicrodao,
    /// The caller is an agent, and the channel would be no direct one.
    AgentsMakeNoChannels,
    /// The caller is not a member of the channel and may not join by themselves.
    NotAMember,
    /// The caller, or the person who is invited, is banned from the channel.
    Banned,
    /// The caller may know of the channel, but not read it.
    CannotRead,
    /// The person who is invited is a member already, with other rights.
    AlreadyAMember,
    /// The caller may not write.
    CannotWrite,
    /// The caller may not invite.
    CannotInvite,
    /// The caller has invited too many new people, who have not come.
    TooManyInvitations,
    /// The caller has banned or restricted too many people who were never in the channel.
    TooManyAbsent,
    /// The caller has done too much in too short a time, or everybody in this channel has.
    RateLimited,
    /// The caller would give away more than they have.
    CannotGrant,
    /// Plain text was sent to an encrypted channel.
    ChannelEncrypted,
    /// Ciphertext was sent to a channel that is not encrypted.
    ChannelNotEncrypted,
    /// The message was sent before its channel was encrypted: ciphertext cannot replace it.
    MessageNotEncrypted,
    /// Only the sender may do this.
    NotTheSender,
    /// The caller may not delete this message.
    CannotDelete,
    /// The message was deleted.
    MessageDeleted,
    /// The message is none that text can replace: a sticker or a poll.
    NotEditable,
    /// The room's power levels let the caller not mention everybody.
    CannotMentionRoom,
    /// The caller is neither owner nor admin.
    CannotManage,
    /// The channel is private, and the caller does not own it.
    CannotAllowPreviews,
    /// The caller does not own the channel, whose messages would be kept for another time.
    CannotSetRetention,
    /// The caller may not remove this member.
    CannotKick,
    /// Somebody else is changing or removing this member at the moment.
    MemberBeingChanged,
    /// The caller's profile is being changed otherwise at the moment.
    ProfileBeingChanged,
    /// Somebody else is archiving the channel, or opening it again, at the moment.
    ChannelBeingChanged,
    /// The channel would be left without an owner.
    LastOwner,
    /// Agents have the role agent, and nobody else has it.
    RoleDoesNotFit,
    /// An owner who may not read or not write.
    OwnersHaveEveryRight,
    /// A direct channel cannot get another visibility.
    DirectStaysPrivate,
    /// A direct channel has two members.
    DirectIsOfTwo,
    /// They have left this direct channel and come back only by themselves.
    HasLeft,
    /// The message has as many different emoji, or as many reactions of the caller, as it may have.
    TooManyReactions,
    /// The room's power levels have no place for one more member whose level differs.
    TooManyLevels,
    /// Somebody else is pinning or unpinning in this channel at the moment.
    PinsBeingChanged,
    /// The room's list of pinned messages has as many as it may have.
    TooManyPins,
    /// There is no such content, or the caller may not know of it.
    MediaNotFound,
    /// There is no such erasure.
    ErasureNotFound,
    /// The caller, or everybody in the microDAO, has uploaded as much as they may in a time.
    UploadQuotaExceeded,
    /// The same `Idempotency-Key` came with another request.
    IdempotencyKeyReused,
    /// The first request with this `Idempotency-Key` is not finished.
    RequestRunning,
}

/// Seconds after which a request that met one that is still running may try again.
const SOON: u16 = 1;
/// Seconds after which a bound for a day may have a place again: it counts what is at most a day old.
const LATER: u16 = 3600;

impl Refusal {
    /// Every refusal.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// Its name in SQL.
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// The refusal with this name in SQL; `None` when the schema is newer than this program.
    pub fn from_code(code: &str) -> Option<Self> {
        code.parse().ok()
    }

    /// Whether the thing is not there, or the caller may not know of it.
    pub fn is_not_found(self) -> bool {
        matches!(
            self,
            Self::ChannelNotFound
                | Self::MessageNotFound
                | Self::MemberNotFound
                | Self::PreviewNotFound
                | Self::MediaNotFound
                | Self::ErasureNotFound
        )
    }
}

/// The `code` is the refusal's own, with two exceptions that the contract has for whole kinds: what is not found is
/// `not_found`, and a field with a wrong value is `invalid`.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let forbidden = |detail: &str| Self::forbidden(refusal.code(), detail);
        let conflict = |detail: &str| Self::conflict(refusal.code(), detail);
        match refusal {
            Refusal::ChannelNotFound => Self::not_found("channel"),
            Refusal::MessageNotFound => Self::not_found("message"),
            Refusal::MemberNotFound => Self::not_found("member"),
            Refusal::PreviewNotFound => Self::not_found("preview"),
            Refusal::PositionNotFound => {
                Self::invalid_parameter("before", "and after must name a message of this channel")
            }
            Refusal::ReplyToNotFound => {
                Self::invalid_field("reply_to", "must be a message of this channel and, beside thread_id, of that thread")
            }
            Refusal::ThreadNotFound => Self::invalid_field("thread_id", "must be a message of this channel, in the room that it has today"),
            Refusal::FileNotFound => Self::invalid_field(
                "file",
                "must be of content that you have uploaded, or that is in a message which you may read; so must its thumbnail",
            ),
            Refusal::SlugTaken => conflict("This microDAO has a channel with this slug. Choose another."),
            Refusal::AliasTaken => Self::alias_taken(),
            Refusal::BeingCreated => conflict(
                "Somebody is creating a channel with this slug at the moment. Retry in a minute, or choose another.",
            )
            .retry_after(SOON),
            Refusal::ChannelArchived => conflict("The channel is archived and takes no more writes."),
            Refusal::NotInMicrodao => forbidden("You are not a member of this microDAO."),
            Refusal::AgentsMakeNoChannels => {
                forbidden("Agents open direct channels only. A person makes any other one and adds the agent.")
            }
            Refusal::NotAMember => forbidden("Not a member of this channel. A member who may invite has to add you."),
            Refusal::Banned => {
                forbidden("Banned from this channel. An invitation by a member who may remove others lifts it.")
            }
            Refusal::CannotRead => forbidden("You may not read this channel."),
            Refusal::AlreadyAMember => conflict(
                "They are a member already, with another role or other capabilities. Change the member instead.",
            ),
            Refusal::CannotWrite => forbidden("You may not write in this channel."),
            Refusal::CannotInvite => forbidden("You may not invite to this channel."),
            Refusal::TooManyInvitations => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                refusal.code(),
                "You have invited 100 people who have not come, and new agents, within a day. Invite the next ones tomorrow.",
            )
            .retry_after(LATER),
            Refusal::TooManyAbsent => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                refusal.code(),
                "You have banned or restricted 100 people who were never in the channel, within a day. Go on tomorrow.",
            )
            .retry_after(LATER),
            Refusal::RateLimited => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                refusal.code(),
                "Too much in too short a time. Retry after the seconds of Retry-After, with the same Idempotency-Key.",
            )
            .retry_after(SOON),
            Refusal::CannotGrant => forbidden("You cannot give a role or a capability that you do not have."),
            Refusal::ChannelEncrypted => {
                conflict("The channel is end-to-end encrypted: plain text is not accepted here.")
            }
            Refusal::ChannelNotEncrypted => conflict("The channel is not encrypted: send text instead of encrypted."),
            Refusal::MessageNotEncrypted => {
                conflict("The message was sent before the channel was encrypted and cannot be edited any more.")
            }
            Refusal::NotTheSender => forbidden("Only its sender may edit a message."),
            Refusal::CannotDelete => forbidden("Only its sender, an admin or the owner may delete a message."),
            Refusal::MessageDeleted => conflict("The message was deleted."),
            Refusal::NotEditable => conflict("Stickers and polls are edited in a Matrix client only."),
            Refusal::CannotMentionRoom => forbidden(
                "You may not mention everybody in this channel: its room asks for a higher power level. Leave room out of mentions.",
            ),
            Refusal::CannotManage => forbidden("Only an owner or an admin of the channel may do this."),
            Refusal::CannotAllowPreviews => forbidden(
                "Only its owner may say that links of a private channel show what they are: their servers are told that \
                 somebody was sent them.",
            ),
            Refusal::CannotSetRetention => forbidden("Only its owner may say how long the channel's messages are kept."),
            Refusal::CannotKick => forbidden("You may not remove this member."),
            Refusal::MemberBeingChanged => {
                conflict("Somebody is changing or removing this member at the moment. Retry in a moment.").retry_after(SOON)
            }
            Refusal::ProfileBeingChanged => {
                conflict("Another change of your profile is not finished. Retry in a moment.").retry_after(SOON)
            }
            Refusal::ChannelBeingChanged => {
                conflict("Somebody is archiving this channel, opening it again or changing its visibility. Retry in a moment.")
                    .retry_after(SOON)
            }
            Refusal::LastOwner => conflict(
                "The channel would be left without an owner. Make somebody else an owner first, or archive the channel.",
            ),
            Refusal::RoleDoesNotFit => Self::invalid_field("role", "must be agent for agents and for nobody else"),
            Refusal::OwnersHaveEveryRight => {
                Self::invalid_field("role", "must be another one than owner, who may read and write")
            }
            Refusal::DirectStaysPrivate => conflict("A direct channel is private and stays so."),
            Refusal::DirectIsOfTwo => conflict("A direct channel is of two. Make another channel for more."),
            Refusal::HasLeft => {
                conflict("They have left this direct channel. They come back when they open it themselves.")
            }
            Refusal::TooManyReactions => conflict(
                "A message has at most 100 different emoji, and 20 reactions of one person. Use one that is there, or \
                 take one back.",
            ),
            Refusal::TooManyLevels => conflict(
                "So many members of this channel have a level of their own (who may not write, admins, owners) that the \
                 room has no place for another. Let somebody write again, or remove them.",
            ),
            Refusal::PinsBeingChanged => {
                conflict("Somebody is pinning or unpinning in this channel at the moment. Retry in a moment.")
                    .retry_after(SOON)
            }
            Refusal::TooManyPins => conflict("A channel has at most 100 pinned messages. Unpin one first."),
            Refusal::MediaNotFound => Self::not_found("file"),
            Refusal::ErasureNotFound => Self::not_found("erasure"),
            Refusal::UploadQuotaExceeded => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                refusal.code(),
                "More bytes than may be uploaded in a time. Retry after the seconds of Retry-After.",
            )
            .retry_after(LATER),
            Refusal::RequestRunning => {
                conflict("The first request with this Idempotency-Key is still running. Retry it in a moment.")
                    .retry_after(SOON)
            }
            Refusal::IdempotencyKeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                refusal.code(),
                "This Idempotency-Key was used for another request. Use a new key for a new request.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_is_the_callers_and_has_its_own_name() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::from_code(refusal.code()), Some(*refusal));
            let problem = Problem::from(*refusal);
            assert!(problem.status.is_client_error(), "{refusal:?}");
            let tells_when = problem.detail.contains("Retry") || problem.status == StatusCode::TOO_MANY_REQUESTS;
            assert_eq!(problem.retry_after.is_some(), tells_when, "{refusal:?}");
            let expected = match problem.status.as_u16() {
                404 => "not_found",
                422 if *refusal != Refusal::IdempotencyKeyReused => "invalid",
                _ => refusal.code(),
            };
            assert_eq!(problem.code, expected);
            assert_eq!(refusal.is_not_found(), problem.status == StatusCode::NOT_FOUND, "{refusal:?}");
        }
    }
}
