//! PUT `…/members/me`: joins. Joining again changes nothing.

use crate::member_id;
use http::StatusCode;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, log, store};
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
    if member_id(request, &caller).await? != *caller.id() {
        return Err(Problem::forbidden("only_oneself", "You can join only yourself. To add others, invite them."));
    }
    let [who, microdaos] = store::caller(&caller);
    let prepared: Prepared =
        store::call("prepare_join", vec![who.clone(), microdaos.clone(), store::uuid(channel)]).await?;
    if let Some(member) = prepared.member {
        return Reply::json(StatusCode::OK, &member);
    }
    let asked_at = log::now();
    let gateway = Gateway::from_settings().await?;
    let matrix_id = caller.id().matrix_user_id(&gateway.server_name);
    gateway.join(&prepared.room_id, &matrix_id).await?;
    let parameters = vec![
        who,
        microdaos,
        store::uuid(channel),
        ParameterValue::Str(caller.id().member_type().to_owned()),
        ParameterValue::Str(matrix_id.clone()),
        ParameterValue::Str(asked_at),
    ];
    match store::call_raw("record_join", parameters).await {
        // Whoever was removed while they joined is out of the room again.
        Err(problem) if problem.code == "not_found" => {
            gateway.leave(&prepared.room_id, &matrix_id).await?;
            Err(problem)
        }
        member => Ok(Reply::raw_json(StatusCode::OK, member?)),
    }
}
