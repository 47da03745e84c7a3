//! POST: makes a channel and its room.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::ids::{ChannelId, EntityId, EntityKind};
use messaging_core::keys::{ClientKey, fingerprint};
use messaging_core::matrix::CHANNEL_FIELD;
use messaging_core::models::{CreateChannel, InviteMember, Role, Visibility};
use messaging_edge::gateway::{CreateRoom, Gateway};
use messaging_edge::{Problem, Reply, Request, identity, invite, log, store};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use spin_sdk::pg::ParameterValue;

/// Either the slug is reserved for this request, or there is nothing left to do.
#[derive(Deserialize)]
struct Reserved {
    channel_id: Option<ChannelId>,
    channel: Option<Box<RawValue>>,
    /// It is a direct channel that the caller has left, and comes back to.
    #[serde(default)]
    rejoin: bool,
    #[serde(default)]
    archived: bool,
}

pub async fn create(request: Request) -> Result<Reply, Problem> {
    let caller = identity::caller(&request).await?;
    let key = request.idempotency_key(caller.id())?;
    let mut new: CreateChannel = request.json().await?;
    let gateway = Gateway::from_settings().await?;
    let other = new.complete_direct(caller.id(), &gateway.server_name)?;
    // Matrix knows no empty topic, only none.
    new.topic = new.topic.filter(|topic| !topic.is_empty());
    let microdao = new.validate()?;
    let fields = json!({
        "slug": new.slug, "name": new.name, "description": new.description, "microdao_id": microdao,
        "visibility": new.visibility.as_str(), "is_encrypted": new.is_encrypted, "topic": new.topic,
        "avatar_url": new.avatar_url, "is_direct": new.is_direct,
    });
    let asked = fingerprint(&["create channel", &fields.to_string()]);
    let key = key.as_ref().map(ClientKey::as_str);

    let [who, microdaos] = store::caller(&caller);
    let reserved: Reserved = store::call(
        "reserve_channel",
        vec![
            who.clone(),
            microdaos,
            ParameterValue::Str(microdao.as_str().to_owned()),
            ParameterValue::Str(new.slug.clone()),
            ParameterValue::Boolean(new.is_direct),
            store::nullable(key),
            ParameterValue::Str(asked.clone()),
        ],
    )
    .await?;
    if let Some(channel) = reserved.channel {
        if !reserved.archived {
            return_to(&gateway, &caller, &channel, reserved.rejoin).await?;
            invite_other(&caller, other.as_ref(), &channel).await?;
        }
        // A direct channel is found again; anything else is here because of its idempotency key.
        let status = if key.is_none() { StatusCode::OK } else { StatusCode::CREATED };
        return Reply::json(status, &channel);
    }
    let channel_id = reserved.channel_id.ok_or_else(|| Problem::internal("nothing reserved"))?;

    let matrix_id = caller.id().matrix_user_id(&gateway.server_name);
    let public = new.visibility == Visibility::Public;
    let mut initial_state = Vec::new();
    if new.is_encrypted {
        initial_state.push(json!({"type": "m.room.encryption", "state_key": "",
                                  "content": {"algorithm": "m.megolm.v1.aes-sha2"}}));
    }
    if let Some(url) = &new.avatar_url {
        initial_state.push(json!({"type": "m.room.avatar", "state_key": "", "content": {"url": url}}));
    }
    let room = gateway
        .create_room(&CreateRoom {
            name: &new.name,
            topic: new.topic.as_deref().unwrap_or(""),
            visibility: if public { "public" } else { "private" },
            room_alias_name: &format!("{}-{}", new.slug, microdao.slug()),
            preset: if public { "public_chat" } else { "private_chat" },
            initial_state,
            creation_content: json!({CHANNEL_FIELD: channel_id}),
            creator_matrix_id: &matrix_id,
        })
        .await?;

    let channel: Box<RawValue> = store::call(
        "record_channel",
        vec![
            store::uuid(channel_id),
            who,
            ParameterValue::Str(caller.id().member_type().to_owned()),
            ParameterValue::Str(matrix_id),
            ParameterValue::Str(room.room_id),
            store::jsonb(&fields)?,
            store::nullable(key),
            ParameterValue::Str(asked),
        ],
    )
    .await?;
    invite_other(&caller, other.as_ref(), &channel).await?;
    Reply::json(StatusCode::CREATED, &channel)
}

#[derive(Deserialize)]
struct Row {
    id: ChannelId,
    matrix_room_id: String,
}

/// Brings the caller back into a direct channel that they have left.
async fn return_to(gateway: &Gateway, caller: &Caller, channel: &RawValue, rejoin: bool) -> Result<(), Problem> {
    if !rejoin {
        return Ok(());
    }
    let row: Row = serde_json::from_str(channel.get()).map_err(Problem::internal)?;
    let asked_at = log::now();
    let matrix_id = caller.id().matrix_user_id(&gateway.server_name);
    gateway.set_power_level(&row.matrix_room_id, &matrix_id, Role::Owner.power_level(), Some(caller.id())).await?;
    gateway.join(&row.matrix_room_id, &matrix_id).await?;
    let parameters = vec![
        store::uuid(row.id),
        ParameterValue::Str(caller.id().as_str().to_owned()),
        ParameterValue::Str(caller.id().member_type().to_owned()),
        ParameterValue::Str(matrix_id),
        ParameterValue::Str(asked_at),
    ];
    store::call_raw("record_return", parameters).await.map(|_| ())
}

/// Brings the other one into a direct channel, unless they are there. Both own it: nobody manages the other.
async fn invite_other(caller: &Caller, other: Option<&EntityId>, channel: &RawValue) -> Result<(), Problem> {
    let Some(other) = other else { return Ok(()) };
    let row: Row = serde_json::from_str(channel.get()).map_err(Problem::internal)?;
    let role = (other.kind() != EntityKind::Agent).then_some(Role::Owner);
    let invitation = InviteMember { member_id: other.as_str().to_owned(), role, ..InviteMember::default() };
    match invite::invite(caller, row.id, &invitation, None).await {
        // There already; or the caller is the other one, finds the channel, and is being invited at this moment.
        Err(problem) if matches!(problem.code, "already_a_member" | "cannot_invite" | "not_found") => Ok(()),
        other => other.map(|_| ()),
    }
}
