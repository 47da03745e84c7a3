//! Channels: `migrations/functions/channels/`.

use super::call::Call;
use super::{Changes, Document, Error, Page};
use messaging_core::auth::Caller;
use messaging_core::channel::{NewChannel, Visibility};
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::{ChannelId, EntityId};
use messaging_core::page::{ChannelOrder, ChannelPage};
use messaging_core::rate_limit::Class;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A page of the channels that the caller may see.
pub async fn list_channels(caller: &Caller, page: &ChannelPage) -> Result<Page, Error> {
    Call::of("list_channels")
        .caller(caller)
        .arg("p_microdao_id", page.microdao_id.as_ref().map(|id| id.as_str()))
        .arg("p_limit", page.limit)
        .arg("p_before_time", page.cursor.as_ref().map(|(time, _)| time))
        .arg("p_before_id", page.cursor.as_ref().map(|(_, id)| *id))
        .arg("p_joined", page.joined)
        .arg("p_by_activity", page.order == ChannelOrder::Activity)
        .page()
        .await
}

/// The channel.
pub async fn get_channel(caller: &Caller, channel_id: ChannelId) -> Result<Document, Error> {
    Call::of("get_channel").caller(caller).arg("p_channel_id", channel_id).document().await
}

/// What has become of a reservation.
#[derive(Debug, Deserialize)]
pub struct ReservedChannel {
    /// The slug is this request's to use, for this channel.
    pub channel_id: Option<ChannelId>,
    /// There is nothing left to do: this is the channel.
    pub channel: Option<Box<RawValue>>,
    /// It is archived.
    #[serde(default)]
    pub is_archived: bool,
    /// It is an archived direct channel that the caller opens again.
    #[serde(default)]
    pub must_reopen: bool,
    /// It is a direct channel that the caller has left, and comes back to.
    #[serde(default)]
    pub must_return: bool,
    /// The level in the room that the caller comes back with, if they do.
    #[serde(default)]
    pub power_level: i32,
}

/// Before the room is made: may the caller, and is the slug theirs to use?
pub async fn reserve_channel(
    caller: &Caller,
    new: &NewChannel,
    client_key: Option<&ClientKey>,
    fingerprint: &str,
) -> Result<ReservedChannel, Error> {
    Call::of("reserve_channel")
        .caller(caller)
        .arg("p_microdao_id", new.microdao_id.as_str())
        .arg("p_slug", &new.slug)
        .arg("p_is_direct", new.is_direct)
        .arg("p_client_key", client_key)
        .arg("p_fingerprint", fingerprint)
        .arg("p_visibility", <&str>::from(new.visibility))
        .arg("p_other_id", new.other.as_ref())
        .arg("p_avatar_url", new.avatar_url.as_deref())
        .limited(Class::Create, caller)
        .await
        .json()
        .await
}

/// The room could not be made: the slug is free for another request.
pub async fn give_up_channel(channel_id: ChannelId) -> Result<(), Error> {
    Call::of("give_up_channel").arg("p_channel_id", channel_id).done().await
}

/// Whether a channel has this id, or is being created with it.
pub async fn is_channel(channel_id: ChannelId) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Found {
        is_channel: bool,
    }
    Ok(Call::of("is_channel").arg("p_channel_id", channel_id).json::<Found>().await?.is_channel)
}

/// A channel whose room is made.
pub struct RecordChannel<'a> {
    /// The reserved channel.
    pub channel_id: ChannelId,
    /// Who made it.
    pub caller: &'a Caller,
    /// The caller's Matrix id.
    pub caller_matrix_id: &'a str,
    /// Its room.
    pub room_id: &'a str,
    /// Its columns.
    pub new: &'a NewChannel,
    /// The request's key.
    pub client_key: Option<&'a ClientKey>,
    /// The request's fingerprint.
    pub fingerprint: &'a str,
    /// Whether the room has the alias that was reserved with the slug.
    pub has_alias: bool,
}

/// After the room is made; gives the channel.
pub async fn record_channel(record: &RecordChannel<'_>) -> Result<Box<RawValue>, Error> {
    Call::of("record_channel")
        .arg("p_channel_id", record.channel_id)
        .arg("p_caller", record.caller.id())
        .arg("p_caller_type", record.caller.id().member_type())
        .arg("p_caller_matrix_id", record.caller_matrix_id)
        .arg("p_room_id", record.room_id)
        .jsonb("p_fields", record.new)
        .arg("p_client_key", record.client_key)
        .arg("p_fingerprint", record.fingerprint)
        .arg("p_has_alias", record.has_alias)
        .json()
        .await
}

/// A change that the caller may make.
#[derive(Debug, Deserialize)]
pub struct PreparedChannelChange {
    /// The channel's room.
    pub room_id: String,
    /// What really changes.
    pub changes: Changes,
    /// What the note of it is about.
    pub intent: Option<String>,
    /// When the visibility changes: the local part of the alias that the room has afterwards.
    pub alias_name: Option<String>,
}

/// Before a channel's room changes.
pub async fn prepare_channel_change(
    caller: &Caller,
    channel_id: ChannelId,
    changes: &Changes,
) -> Result<PreparedChannelChange, Error> {
    Call::of("prepare_channel_change")
        .caller(caller)
        .arg("p_channel_id", channel_id)
        .jsonb("p_changes", changes)
        .limited(Class::Manage, caller)
        .await
        .json()
        .await
}

/// A channel after a change of its room.
pub struct ChangedChannel {
    /// The channel.
    pub document: Document,
    /// Who may see it, whatever was asked for: somebody may have closed or opened its room meanwhile.
    pub visibility: Visibility,
}

/// After a channel's room has changed. `has_alias` is whether it has the alias that it was to have; `failed` the column that the
/// room has not confirmed.
pub async fn record_channel_change(
    caller: &Caller,
    channel_id: ChannelId,
    changes: &Changes,
    has_alias: bool,
    failed: Option<&str>,
) -> Result<ChangedChannel, Error> {
    #[derive(Deserialize)]
    struct Seen {
        visibility: Visibility,
    }

    let document = Call::of("record_channel_change")
        .arg("p_channel_id", channel_id)
        .arg("p_caller", caller.id())
        .jsonb("p_changes", changes)
        .arg("p_has_alias", has_alias)
        .arg("p_failed", failed)
        .document()
        .await?;
    let visibility = document.read::<Seen>()?.visibility;
    Ok(ChangedChannel { document, visibility })
}

/// A change of the visibility that is taken up where it was cut off.
#[derive(Debug, Deserialize)]
pub struct ResumedVisibility {
    /// Whose it was; none where there is nothing to take up.
    pub actor_id: Option<EntityId>,
    /// What the channel has.
    pub visibility: Visibility,
}

/// Takes up a change of the visibility of which nobody knows how far it got.
pub async fn resume_visibility(channel_id: ChannelId) -> Result<ResumedVisibility, Error> {
    Call::of("resume_visibility").arg("p_channel_id", channel_id).json().await
}

/// An archive, or the end of one, that the caller may do.
#[derive(Debug, Deserialize)]
pub struct PreparedArchive {
    /// The channel's room.
    pub room_id: String,
    /// It is archived at the moment.
    pub is_archived: bool,
}

/// Before a channel is archived.
pub async fn prepare_archive(caller: &Caller, channel_id: ChannelId) -> Result<PreparedArchive, Error> {
    let call = Call::of("prepare_archive").caller(caller).arg("p_channel_id", channel_id);
    call.limited(Class::Manage, caller).await.json().await
}

/// After the room takes no more messages.
pub async fn record_archive(caller: &Caller, channel_id: ChannelId) -> Result<(), Error> {
    Call::of("record_archive").arg("p_channel_id", channel_id).arg("p_caller", caller.id()).done().await
}

/// Before an archived channel is opened again.
pub async fn prepare_reopening(caller: &Caller, channel_id: ChannelId) -> Result<PreparedArchive, Error> {
    let call = Call::of("prepare_reopening").caller(caller).arg("p_channel_id", channel_id);
    call.limited(Class::Manage, caller).await.json().await
}

/// After the room takes messages again; gives the channel.
pub async fn record_reopening(caller: &Caller, channel_id: ChannelId) -> Result<Document, Error> {
    Call::of("record_reopening").arg("p_channel_id", channel_id).arg("p_caller", caller.id()).document().await
}

/// Who may write in a channel, for an agent filter.
pub async fn get_agent_context(channel_id: ChannelId) -> Result<Document, Error> {
    Call::of("get_agent_context").arg("p_channel_id", channel_id).document().await
}
