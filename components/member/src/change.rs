//! PATCH: role and capabilities; the power level in the room follows.

use crate::member_id;
use http::StatusCode;
use messaging_core::models::ChangeMember;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, store};
use serde::Deserialize;
use serde_json::Value;
use spin_sdk::pg::ParameterValue;

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    matrix_user_id: String,
    /// The new power level, if it changes.
    power_level: Option<i32>,
    /// What changes, with what the role brings along.
    details: Value,
}

pub async fn change(request: Request) -> Result<Reply, Problem> {
    let caller = identity::caller(&request).await?;
    let (channel, member) = (request.channel_id()?, member_id(&request, &caller).await?);
    let change: ChangeMember = request.json().await?;
    let [who, microdaos] = store::caller(&caller);
    let member = ParameterValue::Str(member.as_str().to_owned());
    let prepared: Prepared = store::call(
        "prepare_member_change",
        vec![who.clone(), microdaos, store::uuid(channel), member.clone(), store::jsonb(&change)?],
    )
    .await?;
    if let Some(power_level) = prepared.power_level {
        let gateway = Gateway::from_settings().await?;
        gateway.set_power_level(&prepared.room_id, &prepared.matrix_user_id, power_level, Some(caller.id())).await?;
    }
    let parameters = vec![store::uuid(channel), who, member, store::jsonb(&prepared.details)?];
    let row = store::call_raw("record_member_change", parameters).await?;
    Ok(Reply::raw_json(StatusCode::OK, row))
}
