//! GET: who has read how far, and what is unread to the caller.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::ChannelPath;
use messaging_core::receipt::ReceiptsQuery;
use messaging_edge::index::receipts::{get_unread, list_receipts};
use messaging_edge::{Path, Problem, Query, Reader, Response};

pub async fn receipts(
    Reader(caller): Reader,
    Path(at): Path<ChannelPath>,
    Query(query): Query<ReceiptsQuery>,
) -> Result<Response, Problem> {
    Ok(Response::document(StatusCode::OK, list_receipts(&caller, at.channel_id, query).await?))
}

pub async fn unread(caller: Caller) -> Result<Response, Problem> {
    Ok(Response::document(StatusCode::OK, get_unread(&caller).await?))
}
