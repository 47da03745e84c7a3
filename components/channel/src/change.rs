//! PATCH: name, description, topic, avatar and visibility, in the room first.

use http::StatusCode;
use messaging_core::models::ChangeChannel;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, store};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    /// What really changes.
    changes: Map<String, Value>,
}

pub async fn change(request: Request) -> Result<Reply, Problem> {
    let caller = identity::caller(&request).await?;
    let channel = request.channel_id()?;
    let change: ChangeChannel = request.json().await?;
    let changes = change.validate()?;
    let [who, microdaos] = store::caller(&caller);
    let prepared: Prepared = store::call(
        "prepare_channel_change",
        vec![who.clone(), microdaos, store::uuid(channel), store::jsonb(&changes)?],
    )
    .await?;

    let gateway = Gateway::from_settings().await?;
    let sender = caller.id().matrix_user_id(&gateway.server_name);
    let mut done = Map::new();
    let mut failed = None;
    for (column, value) in prepared.changes {
        match set_in_room(&gateway, &prepared.room_id, &sender, &column, &value).await {
            Ok(()) => done.insert(column, value),
            Err(problem) => {
                failed = Some(problem);
                break;
            }
        };
    }

    // What the room has, the index has too, also when the rest has failed.
    let channel =
        store::call_raw("record_channel_change", vec![store::uuid(channel), who, store::jsonb(&done)?]).await?;
    match failed {
        Some(problem) => Err(problem),
        None => Ok(Reply::raw_json(StatusCode::OK, channel)),
    }
}

async fn set_in_room(
    gateway: &Gateway,
    room_id: &str,
    sender: &str,
    column: &str,
    value: &Value,
) -> Result<(), Problem> {
    let text = value.as_str().unwrap_or("");
    let (part, field, value) = match column {
        "name" => ("name", "name", text),
        "topic" => ("topic", "topic", text),
        "avatar_url" => ("avatar", "avatar_url", text),
        "visibility" => ("visibility", "visibility", if text == "public" { "public" } else { "private" }),
        // The description is the index's own; Matrix has no place for it.
        _ => return Ok(()),
    };
    gateway.set_room_state(room_id, part, &json!({field: value, "sender_matrix_id": sender})).await
}
