//! PUT: how far the caller has read, and their own marks. Matrix is told later, so its homeserver holds nobody up.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::ChannelPath;
use messaging_core::receipt::{MarkRead, Mute};
use messaging_edge::acts::{self, Asked};
use messaging_edge::index::receipts::{mark_read, mark_unread, set_muted};
use messaging_edge::{IdempotencyKey, Json, Path, Problem, Response};

pub async fn read(
    caller: Caller,
    Path(at): Path<ChannelPath>,
    key: IdempotencyKey,
    Json(read): Json<MarkRead>,
) -> Result<Response, Problem> {
    read.check()?;
    let body = serde_json::to_string(&read).map_err(Problem::internal)?;
    let asked = Asked { act: "PUT read", channel_id: at.channel_id, resource: "", body: &body };
    acts::once(&caller, key, asked, async {
        Ok(Response::document(StatusCode::OK, mark_read(&caller, at.channel_id, &read).await?))
    })
    .await
}

pub async fn unread(caller: Caller, Path(at): Path<ChannelPath>, key: IdempotencyKey) -> Result<Response, Problem> {
    let asked = Asked { act: "PUT unread", channel_id: at.channel_id, resource: "", body: "" };
    acts::once(&caller, key, asked, async {
        Ok(Response::document(StatusCode::OK, mark_unread(&caller, at.channel_id).await?))
    })
    .await
}

pub async fn mute(
    caller: Caller,
    Path(at): Path<ChannelPath>,
    key: IdempotencyKey,
    Json(mute): Json<Mute>,
) -> Result<Response, Problem> {
    let body = serde_json::to_string(&mute).map_err(Problem::internal)?;
    let asked = Asked { act: "PUT muted", channel_id: at.channel_id, resource: "", body: &body };
    acts::once(&caller, key, asked, async {
        Ok(Response::document(StatusCode::OK, set_muted(&caller, at.channel_id, mute.muted).await?))
    })
    .await
}
