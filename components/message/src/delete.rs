//! DELETE: redacts the message; the index forgets its text. Deleting again is no error.

use http::StatusCode;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, store};
use serde::Deserialize;
use serde::de::IgnoredAny;
use spin_sdk::pg::ParameterValue;

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    event_id: String,
    deleted: bool,
}

pub async fn delete(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let [who, microdaos] = store::caller(&caller);
    let act = ParameterValue::Str("delete".to_owned());
    let prepared: Prepared = store::call(
        "prepare_message_change",
        vec![who.clone(), microdaos, store::uuid(request.channel_id()?), store::uuid(request.message_id()?), act],
    )
    .await?;
    if !prepared.deleted {
        let gateway = Gateway::from_settings().await?;
        gateway.redact(&prepared.room_id, &prepared.event_id, caller.id()).await?;
        let parameters = vec![
            ParameterValue::Str(prepared.room_id),
            ParameterValue::Str(prepared.event_id),
            who,
            ParameterValue::Boolean(false),
        ];
        store::call::<IgnoredAny>("record_redaction", parameters).await?;
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
