//! POST: makes a channel and its room.

mod direct;

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::channel::{CreateChannel, NewChannel, Visibility};
use messaging_core::gateway::{CreateRoom, CreatedRoom};
use messaging_core::idempotency::ClientKey;
use messaging_core::ids::ChannelId;
use messaging_core::matrix::CHANNEL_FIELD;
use messaging_core::member::Role;
use messaging_core::refusal::Refusal;
use messaging_edge::deadline::pause;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::channels::{
    RecordChannel, ReservedChannel, give_up_channel, record_channel, reserve_channel,
};
use messaging_edge::settings::fingerprint;
use messaging_edge::{IdempotencyKey, Json, Problem, RequestId, Response, index, log};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How often, and how long, the second one waits for a direct channel that the first one opens: 15 seconds together.
const DIRECT_PAUSES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(300);

pub async fn create(
    caller: Caller,
    key: IdempotencyKey,
    RequestId(request_id): RequestId,
    Json(body): Json<CreateChannel>,
) -> Result<Response, Problem> {
    let client_key = key.of(&caller);
    let gateway = Gateway::from_settings().await?;
    let new = body.check(caller.id(), gateway.server_name())?;
    let fields = serde_json::to_string(&new).map_err(Problem::internal)?;
    let fingerprint = fingerprint(&["create channel", &fields]).await?;
    let new = new.with_topic();

    let reserved = reserve(&caller, &new, client_key.as_ref(), &fingerprint).await?;
    if let Some(mut channel) = reserved.channel {
        if reserved.must_reopen {
            channel = direct::reopen(&caller, &channel, &request_id).await?;
        }
        if reserved.must_reopen || !reserved.is_archived {
            if reserved.must_return {
                direct::return_to(&gateway, &caller, &channel, reserved.power_level).await?;
            }
            let is_invited = direct::invite_other(&caller, new.other.as_ref(), &channel).await?;
            // Nothing is asked of Matrix for one that is merely found.
            if is_invited || reserved.must_return || client_key.is_some() {
                direct::mark(&gateway, &caller, new.other.as_ref(), &channel, &request_id).await;
            }
        }
        // A direct channel is found again; anything else is here because of its idempotency key.
        let status = if client_key.is_none() { StatusCode::OK } else { StatusCode::CREATED };
        return Response::json(status, &channel);
    }
    let channel_id = reserved.channel_id.ok_or_else(|| Problem::internal("nothing is reserved"))?;

    let caller_matrix_id = gateway.matrix_id(caller.id());
    let levels = direct::levels(&gateway, new.other.as_ref());
    let room = match make_room(&gateway, room(&new, channel_id, &caller_matrix_id, levels)).await {
        Ok(room) => room,
        Err(problem) => {
            // The homeserver may still be at it, or the same request is, running twice.
            if problem.status != StatusCode::GATEWAY_TIMEOUT && problem.code != Refusal::BeingCreated.code() {
                // Why there is no room is what the caller has to know.
                if let Err(kept) = give_up_channel(channel_id).await {
                    let kept = Problem::from(kept);
                    log::error(&request_id, &format!("the reservation of {channel_id} stays: {kept}"));
                }
            }
            return Err(problem);
        }
    };
    // Whoever a room is made for has an owner's level in it, and an agent owns none.
    if caller.id().is_agent() {
        let level = Role::Agent.power_level();
        gateway.set_power_level_if_offered(&room.room_id, &caller_matrix_id, level, None).await?;
    }
    let channel = record_channel(&RecordChannel {
        channel_id,
        caller: &caller,
        caller_matrix_id: &caller_matrix_id,
        room_id: &room.room_id,
        new: &new,
        client_key: client_key.as_ref(),
        fingerprint: &fingerprint,
        has_alias: room.room_alias.is_some(),
    })
    .await?;
    direct::invite_other(&caller, new.other.as_ref(), &channel).await?;
    direct::mark(&gateway, &caller, new.other.as_ref(), &channel, &request_id).await;
    Response::json(StatusCode::CREATED, &channel)
}

/// Reserves the channel. When both open a direct channel at once, the second one waits for the first, and gets it.
async fn reserve(
    caller: &Caller,
    new: &NewChannel,
    client_key: Option<&ClientKey>,
    fingerprint: &str,
) -> Result<ReservedChannel, index::Error> {
    let mut pauses = if new.is_direct { DIRECT_PAUSES } else { 0 };
    loop {
        match reserve_channel(caller, new, client_key, fingerprint).await {
            Err(index::Error::Refused(Refusal::BeingCreated)) if pauses > 0 => pause(PAUSE).await,
            reserved => return reserved,
        }
        pauses -= 1;
    }
}

/// Makes the room. A stranger's room that has the alias keeps no channel from being made: it is made without. Our
/// gateway does so by itself, another one refuses at first.
async fn make_room(gateway: &Gateway, mut room: CreateRoom) -> Result<CreatedRoom, Problem> {
    let refusal = Problem::alias_taken();
    match gateway.create_room(&room).await {
        Err(problem) if problem.code == refusal.code && room.room_alias_name.take().is_some() => {
            gateway.create_room(&room).await
        }
        // What is left then is the same request, running twice.
        Err(problem) if problem.code == refusal.code => Err(Refusal::BeingCreated.into()),
        made => made,
    }
}

fn room(
    new: &NewChannel,
    channel_id: ChannelId,
    creator_matrix_id: &str,
    levels: Option<Map<String, Value>>,
) -> CreateRoom {
    let is_public = new.visibility == Visibility::Public;
    CreateRoom {
        name: Some(new.name.clone()),
        topic: Some(new.topic.clone().unwrap_or_default()),
        visibility: Some(if is_public { "public" } else { "private" }.to_owned()),
        room_alias_name: new.alias_name(),
        preset: Some(if is_public { "public_chat" } else { "private_chat" }.to_owned()),
        initial_state: initial_state(new),
        creation_content: Map::from_iter([(CHANNEL_FIELD.to_owned(), json!(channel_id))]),
        creator_matrix_id: Some(creator_matrix_id.to_owned()),
        power_level_content_override: levels,
    }
}

fn initial_state(new: &NewChannel) -> Vec<Value> {
    let state = |event_type: &str, content: Value| json!({"type": event_type, "state_key": "", "content": content});
    let encryption = new.is_encrypted.then(|| state("m.room.encryption", json!({"algorithm": "m.megolm.v1.aes-sha2"})));
    let avatar = new.avatar_url.as_ref().map(|url| state("m.room.avatar", json!({"url": url})));
    [encryption, avatar].into_iter().flatten().collect()
}
