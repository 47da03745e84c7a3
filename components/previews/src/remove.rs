//! DELETE: takes what a link shows out of its message. Matrix has no place for it, so nobody else is told.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::PreviewPath;
use messaging_edge::acts::{self, Asked};
use messaging_edge::index::previews::remove_preview;
use messaging_edge::{IdempotencyKey, Path, Problem, Response};

pub async fn remove(caller: Caller, Path(at): Path<PreviewPath>, key: IdempotencyKey) -> Result<Response, Problem> {
    let resource = format!("{} {}", at.message_id, at.preview_id);
    let asked = Asked { act: "DELETE preview", channel_id: at.channel_id, resource: &resource, body: "" };
    acts::once(&caller, key, asked, async {
        remove_preview(&caller, at).await?;
        Ok(Response::empty(StatusCode::NO_CONTENT))
    })
    .await
}
