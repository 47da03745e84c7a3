//! DELETE: takes the caller's own reaction back. Taking back what is not there changes nothing.

use crate::emoji;
use http::StatusCode;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, store};
use serde::Deserialize;
use serde::de::IgnoredAny;
use spin_sdk::pg::ParameterValue;

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    event_id: Option<String>,
}

pub async fn remove(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let emoji = emoji(request)?;
    let [who, microdaos] = store::caller(&caller);
    let prepared: Prepared = store::call(
        "prepare_unreaction",
        vec![
            who.clone(),
            microdaos,
            store::uuid(request.channel_id()?),
            store::uuid(request.message_id()?),
            ParameterValue::Str(emoji),
        ],
    )
    .await?;
    if let Some(event_id) = prepared.event_id {
        Gateway::from_settings().await?.redact(&prepared.room_id, &event_id, caller.id()).await?;
        let parameters = vec![
            ParameterValue::Str(prepared.room_id),
            ParameterValue::Str(event_id),
            who,
            ParameterValue::Boolean(false),
        ];
        store::call::<IgnoredAny>("record_redaction", parameters).await?;
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
