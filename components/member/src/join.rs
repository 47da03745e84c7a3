//! PUT `…/members/me`: joins. Joining again changes nothing.

use crate::member_id;
use http::StatusCode;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, store};
use serde::Deserialize;
use serde_json::value::RawValue;
use spin_sdk::pg::ParameterValue;

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    /// The caller is a member already.
    member: Option<Box<RawValue>>,
}

pub async fn join(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let channel = request.channel_id()?;
    if member_id(request, &caller)? != caller.id {
        return Err(Problem::forbidden("only_oneself", "You can join only yourself. To add others, invite them."));
    }
    let [who, microdaos] = store::caller(&caller);
    let prepared: Prepared = store::call("prepare_join", vec![who.clone(), microdaos, store::uuid(channel)]).await?;
    if let Some(member) = prepared.member {
        return Reply::json(StatusCode::OK, &member);
    }
    let gateway = Gateway::from_settings().await?;
    let matrix_id = caller.id.matrix_user_id(&gateway.server_name);
    gateway.join(&prepared.room_id, &matrix_id).await?;
    let member_type = ParameterValue::Str(caller.id.member_type().to_owned());
    let parameters = vec![store::uuid(channel), who, member_type, ParameterValue::Str(matrix_id)];
    Ok(Reply::raw_json(StatusCode::OK, store::call_raw("record_join", parameters).await?))
}
