//! Inviting somebody, as `members` and a direct channel do it alike.

use crate::gateway::{Gateway, Membership};
use crate::{Problem, log, settings, store};
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, EntityKind};
use messaging_core::keys::{ClientKey, fingerprint};
use messaging_core::models::InviteMember;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use spin_sdk::pg::ParameterValue;

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    /// They are a member already, just as asked for.
    member: Option<Box<RawValue>>,
    /// The level in the room that goes with what they may do, if they do not have it.
    power_level: Option<i32>,
}

/// Invites somebody; answers the member's row. Users and agents of DAARION are in at once, a person in Matrix
/// decides themselves.
pub async fn invite(
    caller: &Caller,
    channel: ChannelId,
    invitation: &InviteMember,
    key: Option<&ClientKey>,
) -> Result<Box<RawValue>, Problem> {
    let gateway = Gateway::from_settings().await?;
    let bot = settings::required("matrix_bot_localpart").await?;
    let (member, role) = invitation.validate(&gateway.server_name, &bot)?;
    // What the caller leaves open, the role decides.
    let capabilities = [
        ("can_read", invitation.can_read),
        ("can_write", invitation.can_write),
        ("can_invite", invitation.can_invite),
        ("can_kick", invitation.can_kick),
        ("can_create_tasks", invitation.can_create_tasks),
    ];
    let mut details = json!({"role": role.as_str()});
    for (name, value) in capabilities {
        if let (Some(value), Some(details)) = (value, details.as_object_mut()) {
            details.insert(name.to_owned(), json!(value));
        }
    }
    let asked_at = log::now();
    let asked = fingerprint(&["invite", &channel.to_string(), member.as_str(), &details.to_string()]);
    let key = key.map(ClientKey::as_str);

    let [who, microdaos] = store::caller(caller);
    let prepared: Prepared = store::call(
        "prepare_invite",
        vec![
            who.clone(),
            microdaos,
            store::uuid(channel),
            ParameterValue::Str(member.as_str().to_owned()),
            store::jsonb(&details)?,
            store::nullable(key),
            ParameterValue::Str(asked.clone()),
        ],
    )
    .await?;
    if let Some(member) = prepared.member {
        return Ok(member);
    }

    let matrix_id = member.matrix_user_id(&gateway.server_name);
    // First, because the homeserver's push of the invitation records the role: then the room must have it already.
    if let Some(power_level) = prepared.power_level {
        gateway.set_power_level(&prepared.room_id, &matrix_id, power_level, Some(caller.id())).await?;
    }
    gateway
        .invite(&Membership {
            room_id: &prepared.room_id,
            user_id: &matrix_id,
            inviter: Some(caller.id().as_str()),
            inviter_matrix_id: Some(&caller.id().matrix_user_id(&gateway.server_name)),
        })
        .await?;
    let ours = member.kind() != EntityKind::MatrixPerson;
    if ours {
        gateway.join(&prepared.room_id, &matrix_id).await?;
    }

    store::call(
        "record_invite",
        vec![
            store::uuid(channel),
            who,
            ParameterValue::Str(member.as_str().to_owned()),
            ParameterValue::Str(member.member_type().to_owned()),
            ParameterValue::Str(matrix_id),
            store::jsonb(&details)?,
            ParameterValue::Boolean(ours),
            ParameterValue::Str(asked_at),
            store::nullable(key),
            ParameterValue::Str(asked),
        ],
    )
    .await
}
