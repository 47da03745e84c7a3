//! DELETE: leaves when it is oneself, removes somebody else otherwise.

use crate::member_id;
use http::StatusCode;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, store};
use serde::Deserialize;
use serde::de::IgnoredAny;
use spin_sdk::pg::ParameterValue;

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    matrix_user_id: String,
    power_level: i32,
}

pub async fn remove(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let (channel, member) = (request.channel_id()?, member_id(request, &caller).await?);
    let [who, microdaos] = store::caller(&caller);
    let whom = ParameterValue::Str(member.as_str().to_owned());
    let prepared: Prepared =
        store::call("prepare_removal", vec![who.clone(), microdaos, store::uuid(channel), whom.clone()]).await?;
    let gateway = Gateway::from_settings().await?;
    // The level would wait in the room for them to come back.
    if prepared.power_level > 0 {
        gateway.set_power_level(&prepared.room_id, &prepared.matrix_user_id, 0, Some(caller.id())).await?;
    }
    if member == *caller.id() {
        gateway.leave(&prepared.room_id, &prepared.matrix_user_id).await?;
    } else {
        gateway.kick(&prepared.room_id, &prepared.matrix_user_id, caller.id()).await?;
    }
    store::call::<IgnoredAny>("record_removal", vec![store::uuid(channel), who, whom]).await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
