//! Members: `migrations/functions/members/`.

use super::call::Call;
use super::{Document, Error, Page};
use messaging_core::auth::Caller;
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::{ChannelId, EntityId};
use messaging_core::member::{ChangeMember, Invitation};
use messaging_core::page::MemberPage;
use messaging_core::rate_limit::Class;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// A page of a channel's members.
pub async fn list_members(caller: &Caller, channel_id: ChannelId, page: MemberPage) -> Result<Page, Error> {
    Call::of("list_members")
        .caller(caller)
        .arg("p_channel_id", channel_id)
        .arg("p_limit", page.limit)
        .arg("p_after", page.cursor)
        .page()
        .await
}

/// The Matrix ids of our own users who came in within the last minute, at most 100 of them.
pub async fn list_recent_joins(channel_id: ChannelId) -> Result<Vec<String>, Error> {
    Call::of("list_recent_joins").arg("p_channel_id", channel_id).json().await
}

/// A join that the caller may do.
#[derive(Debug, Deserialize)]
pub struct PreparedJoin {
    /// The channel's room.
    pub room_id: String,
    /// The caller is a member already.
    pub member: Option<Box<RawValue>>,
}

/// Before the caller joins by themselves.
pub async fn prepare_join(caller: &Caller, channel_id: ChannelId) -> Result<PreparedJoin, Error> {
    let call = Call::of("prepare_join").caller(caller).arg("p_channel_id", channel_id);
    call.limited(Class::Manage, caller).await.json().await
}

/// After the caller has joined in Matrix; gives the member. A caller who has lost the right meanwhile is refused.
pub async fn record_join(
    caller: &Caller,
    channel_id: ChannelId,
    matrix_user_id: &str,
    asked_at: &str,
) -> Result<Document, Error> {
    Call::of("record_join")
        .caller(caller)
        .arg("p_channel_id", channel_id)
        .arg("p_member_type", caller.id().member_type())
        .arg("p_matrix_user_id", matrix_user_id)
        .arg("p_asked_at", asked_at)
        .document()
        .await
}

/// After one of the two has come back to a direct channel.
pub async fn record_return(
    caller: &Caller,
    channel_id: ChannelId,
    matrix_user_id: &str,
    asked_at: &str,
) -> Result<(), Error> {
    Call::of("record_return")
        .arg("p_channel_id", channel_id)
        .arg("p_member_id", caller.id())
        .arg("p_member_type", caller.id().member_type())
        .arg("p_matrix_user_id", matrix_user_id)
        .arg("p_asked_at", asked_at)
        .done()
        .await
}

/// An invitation that the caller may make.
#[derive(Debug, Deserialize)]
pub struct PreparedInvite {
    /// The channel's room.
    pub room_id: String,
    /// There is nothing left to do: this is the member.
    pub member: Option<Box<RawValue>>,
    /// They were a member before this was asked for, just as it asks.
    #[serde(default)]
    pub is_member: bool,
    /// The level in the room that goes with what they may do, if they do not have it.
    pub power_level: Option<i32>,
    /// They are in the room, and stay there if the invitation comes to nothing.
    #[serde(default)]
    pub is_in: bool,
    /// They are banned, and this lifts it.
    #[serde(default)]
    pub must_unban: bool,
    /// They are only invited: they decide themselves.
    #[serde(default)]
    pub must_accept: bool,
    /// The channel is a conversation of two.
    #[serde(default)]
    pub is_direct: bool,
}

/// Before somebody is invited in Matrix.
pub async fn prepare_invite(
    caller: &Caller,
    channel_id: ChannelId,
    invitation: &Invitation,
    client_key: Option<&ClientKey>,
    fingerprint: &str,
) -> Result<PreparedInvite, Error> {
    Call::of("prepare_invite")
        .caller(caller)
        .arg("p_channel_id", channel_id)
        .arg("p_member_id", &invitation.member_id)
        .jsonb("p_details", &invitation.details)
        .arg("p_client_key", client_key)
        .arg("p_fingerprint", fingerprint)
        .limited(Class::Manage, caller)
        .await
        .json()
        .await
}

/// An invitation that is in Matrix.
pub struct RecordInvite<'a> {
    /// The channel.
    pub channel_id: ChannelId,
    /// Who invited.
    pub caller: &'a Caller,
    /// Who is invited, and as what.
    pub invitation: &'a Invitation,
    /// The invited person's Matrix id.
    pub matrix_user_id: &'a str,
    /// Whether they are in already.
    pub has_joined: bool,
    /// When the invitation was asked for, RFC 3339.
    pub asked_at: &'a str,
    /// The request's key.
    pub client_key: Option<&'a ClientKey>,
    /// The request's fingerprint.
    pub fingerprint: &'a str,
}

/// After somebody is invited in Matrix; gives the member. A caller who has lost the right meanwhile is refused.
pub async fn record_invite(record: &RecordInvite<'_>) -> Result<Box<RawValue>, Error> {
    Call::of("record_invite")
        .caller(record.caller)
        .arg("p_channel_id", record.channel_id)
        .arg("p_member_id", &record.invitation.member_id)
        .arg("p_member_type", record.invitation.member_id.member_type())
        .arg("p_matrix_user_id", record.matrix_user_id)
        .jsonb("p_details", &record.invitation.details)
        .arg("p_has_joined", record.has_joined)
        .arg("p_asked_at", record.asked_at)
        .arg("p_client_key", record.client_key)
        .arg("p_fingerprint", record.fingerprint)
        .json()
        .await
}

/// A removal that the caller may do.
#[derive(Debug, Deserialize)]
pub struct PreparedRemoval {
    /// The channel's room.
    pub room_id: String,
    /// Who goes, as a Matrix id; `None` when the channel has never seen them.
    pub matrix_user_id: Option<String>,
    /// Their level in the room.
    pub power_level: i32,
    /// Whether they are there at the moment.
    #[serde(default = "yes")]
    pub is_member: bool,
    /// The caller has done this before: there is nothing to do.
    #[serde(default)]
    pub is_gone: bool,
    /// Somebody is giving them another level in the room at this moment.
    #[serde(default)]
    pub must_wait: bool,
}

fn yes() -> bool {
    true
}

/// Before somebody leaves, is removed or is banned.
pub async fn prepare_removal(
    caller: &Caller,
    channel_id: ChannelId,
    member_id: &EntityId,
    ban: bool,
) -> Result<PreparedRemoval, Error> {
    Call::of("prepare_removal")
        .caller(caller)
        .arg("p_channel_id", channel_id)
        .arg("p_member_id", member_id)
        .arg("p_ban", ban)
        .limited(Class::Manage, caller)
        .await
        .json()
        .await
}

/// After somebody has left, was removed or banned in Matrix.
pub async fn record_removal(
    caller: &Caller,
    channel_id: ChannelId,
    member_id: &EntityId,
    matrix_user_id: &str,
    ban: bool,
) -> Result<(), Error> {
    Call::of("record_removal")
        .arg("p_channel_id", channel_id)
        .arg("p_caller", caller.id())
        .arg("p_member_id", member_id)
        .arg("p_ban", ban)
        .arg("p_member_type", member_id.member_type())
        .arg("p_matrix_user_id", matrix_user_id)
        .done()
        .await
}

/// A change of a member that the caller may make.
#[derive(Debug, Deserialize)]
pub struct PreparedMemberChange {
    /// The channel's room.
    pub room_id: String,
    /// Who changes, as a Matrix id; `None` when the channel has never seen them.
    pub matrix_user_id: Option<String>,
    /// What changes, with what the role brings along.
    pub details: Value,
    /// The new power level, if it changes.
    pub power_level: Option<i32>,
}

/// Before a member's role or capabilities change.
pub async fn prepare_member_change(
    caller: &Caller,
    channel_id: ChannelId,
    member_id: &EntityId,
    change: &ChangeMember,
) -> Result<PreparedMemberChange, Error> {
    Call::of("prepare_member_change")
        .caller(caller)
        .arg("p_channel_id", channel_id)
        .arg("p_member_id", member_id)
        .jsonb("p_details", change)
        .limited(Class::Manage, caller)
        .await
        .json()
        .await
}

/// After the power level has followed in Matrix; gives the member.
pub async fn record_member_change(
    caller: &Caller,
    channel_id: ChannelId,
    member_id: &EntityId,
    details: &Value,
    matrix_user_id: &str,
) -> Result<Document, Error> {
    Call::of("record_member_change")
        .arg("p_channel_id", channel_id)
        .arg("p_caller", caller.id())
        .arg("p_member_id", member_id)
        .jsonb("p_details", details)
        .arg("p_matrix_user_id", matrix_user_id)
        .document()
        .await
}
