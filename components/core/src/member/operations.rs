//! What the OpenAPI document says of the operations.

use super::{ChangeMember, InviteMember, Member};
use crate::openapi::Who::{Caller, Reader};
use crate::openapi::{Operation, operation};
use crate::paths;
use crate::problem::Problem;
use crate::refusal::Refusal;
use serde_json::json;

/// The operations, in the order in which they are shown.
pub fn operations() -> Vec<Operation> {
    vec![
        operation("members", "get", paths::MEMBERS, "listMembers")
            .does("List members", "Those who are in or invited, in a fixed order. A page ends where `Link` says.")
            .who(Reader("who may see the channel, and services of the platform"))
            .asks(&["member_limit", "member_cursor"])
            .responds::<Vec<Member>>(200, "A page of members.")
            .links(&["next"])
            .refuses(&[Refusal::ChannelNotFound]),
        operation("members", "post", paths::MEMBERS, "inviteMember")
            .does(
                "Invite a member",
                "Agents are in at once, and users whom the microDAO knows: members of one of its channels, or of a closed \
                 channel that the caller is in too. Everybody else is invited, and comes by joining or writing, as does who \
                 has left by themselves. Inviting a member again, just as they are, changes nothing.",
            )
            .who(Caller("members with `can_invite`, up to their own role and capabilities"))
            .reads::<InviteMember>(json!({"member_id": "agent:sofia"}))
            .retry_safe()
            .responds::<Member>(201, "The member.")
            .responds::<Member>(200, "They are a member already, just so.")
            .refuses(&[
                Refusal::ChannelNotFound,
                Refusal::CannotInvite,
                Refusal::TooManyInvitations,
                Refusal::Banned,
                Refusal::DirectIsOfTwo,
                Refusal::HasLeft,
                Refusal::CannotGrant,
                Refusal::TooManyLevels,
                Refusal::MemberBeingChanged,
                Refusal::AlreadyAMember,
                Refusal::OwnersHaveEveryRight,
                Refusal::ChannelArchived,
            ])
            .asks_optional_call(),
        operation("members", "put", paths::MEMBER, "joinChannel")
            .does("Join a channel", "Only `me` can be put. Joining again changes nothing.")
            .who(Caller("who may see the channel and is no agent"))
            .runs_once()
            .responds::<Member>(200, "The caller's membership.")
            .refuses(&[
                Refusal::ChannelNotFound,
                Refusal::MemberNotFound,
                Refusal::NotAMember,
                Refusal::Banned,
                Refusal::ChannelArchived,
            ])
            .fails([Problem::only_oneself()])
            .asks_matrix(),
        operation("members", "patch", paths::MEMBER, "changeMember")
            .does(
                "Change a member's role and capabilities",
                "A new role brings its capabilities with it, unless they are named too. The power level in the room \
                 follows. Of somebody who is no member at the moment, `can_read` and `can_write` can be changed: that \
                 counts when they come.",
            )
            .who(Caller("owners and admins of the channel, up to their own role and capabilities"))
            .reads::<ChangeMember>(json!({"role": "admin"}))
            .runs_once()
            .responds::<Member>(200, "The member as they are now.")
            .refuses(&[
                Refusal::ChannelNotFound,
                Refusal::MemberNotFound,
                Refusal::CannotManage,
                Refusal::CannotGrant,
                Refusal::TooManyLevels,
                Refusal::TooManyAbsent,
                Refusal::MemberBeingChanged,
                Refusal::LastOwner,
            ])
            .refuses(&[Refusal::RoleDoesNotFit, Refusal::OwnersHaveEveryRight, Refusal::ChannelArchived])
            .asks_optional_call(),
        operation("members", "delete", paths::MEMBER, "removeMember")
            .does(
                "Leave, or remove a member",
                "Leaves when it is oneself, removes somebody else otherwise. With `ban` they stay out, on whatever way in, \
                 until a member with `can_kick` invites them; also somebody who is no member at the moment or never was. Again, by \
                 whoever has done it, changes nothing.",
            )
            .who(Caller("anybody for themselves; members with `can_kick` for those below their role"))
            .asks(&["ban"])
            .runs_once()
            .responds_empty(204, "They are no member any more.")
            .refuses(&[Refusal::ChannelNotFound, Refusal::MemberNotFound, Refusal::CannotKick, Refusal::LastOwner])
            .refuses(&[Refusal::TooManyAbsent])
            .asks_matrix(),
    ]
}
