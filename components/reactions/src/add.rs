//! PUT: reacts. Reacting so again changes nothing.

use crate::emoji;
use http::StatusCode;
use messaging_core::keys::fingerprint;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, log, store};
use serde::Deserialize;
use serde::de::IgnoredAny;
use spin_sdk::pg::ParameterValue;

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    event_id: String,
    /// The caller is not in the room yet and may join by reacting.
    join: bool,
    reacted: bool,
    /// The event of the last time that the caller reacted so, since taken back.
    last_event_id: Option<String>,
}

pub async fn add(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let emoji = emoji(request)?;
    let [who, microdaos] = store::caller(&caller);
    let prepared: Prepared = store::call(
        "prepare_reaction",
        vec![
            who.clone(),
            microdaos,
            store::uuid(request.channel_id()?),
            store::uuid(request.message_id()?),
            ParameterValue::Str(emoji.clone()),
        ],
    )
    .await?;
    if prepared.reacted {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    let gateway = Gateway::from_settings().await?;
    let matrix_id = caller.id().matrix_user_id(&gateway.server_name);
    let joined_at = prepared.join.then(log::now);
    if joined_at.is_some() {
        gateway.join(&prepared.room_id, &matrix_id).await?;
    }
    // The homeserver's own check for duplicates does not hold for requests at the same time; a transaction does.
    let last = prepared.last_event_id.as_deref().unwrap_or("");
    let txn_id = fingerprint(&["react", &prepared.event_id, caller.id().as_str(), &emoji, last]);
    let sent = gateway.send_reaction(&prepared.room_id, &prepared.event_id, caller.id(), &emoji, &txn_id).await?;
    store::call::<IgnoredAny>(
        "record_reaction",
        vec![
            ParameterValue::Str(prepared.room_id),
            ParameterValue::Str(prepared.event_id),
            ParameterValue::Str(sent.event_id),
            who,
            ParameterValue::Str(caller.id().member_type().to_owned()),
            ParameterValue::Str(matrix_id),
            ParameterValue::Str(emoji),
            store::nullable(joined_at),
        ],
    )
    .await?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
