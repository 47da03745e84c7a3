//! DELETE: archives the channel. Nothing is lost: it stays readable, takes no more writes and leaves the lists.

use http::StatusCode;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, Reply, Request, identity, store};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

#[derive(Deserialize)]
struct Prepared {
    room_id: String,
    archived: bool,
}

pub async fn archive(request: &Request) -> Result<Reply, Problem> {
    let caller = identity::caller(request).await?;
    let channel = request.channel_id()?;
    let [who, microdaos] = store::caller(&caller);
    let prepared: Prepared = store::call("prepare_archive", vec![who.clone(), microdaos, store::uuid(channel)]).await?;
    if !prepared.archived {
        // People in Matrix shall not go on talking where nobody listens any more.
        let gateway = Gateway::from_settings().await?;
        let sender = caller.id().matrix_user_id(&gateway.server_name);
        gateway
            .set_room_state(&prepared.room_id, "read-only", &json!({"read_only": true, "sender_matrix_id": sender}))
            .await?;
        store::call::<IgnoredAny>("record_archive", vec![store::uuid(channel), who]).await?;
    }
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
