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
    let sender = caller.id.matrix_user_id(&gateway.server_name);
    for (column, value) in &prepared.changes {
        // The description is the index's own; Matrix has no place for it.
        let part = match column.as_str() {
            "name" => "name",
            "topic" => "topic",
            "avatar_url" => "avatar",
            "visibility" => "visibility",
            _ => continue,
        };
        let value = match column.as_str() {
            "visibility" if value == "public" => json!("public"),
            "visibility" => json!("private"),
            _ => json!(value.as_str().unwrap_or("")),
        };
        let field = if part == "avatar" { "avatar_url" } else { part };
        let body = json!({field: value, "sender_matrix_id": sender});
        gateway.set_room_state(&prepared.room_id, part, &body).await?;
    }

    let channel =
        store::call_raw("record_channel_change", vec![store::uuid(channel), who, store::jsonb(&prepared.changes)?])
            .await?;
    Ok(Reply::raw_json(StatusCode::OK, channel))
}
