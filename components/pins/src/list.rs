//! GET: the pinned messages, in the room's order.

use http::StatusCode;
use messaging_core::paths::ChannelPath;
use messaging_edge::{Path, Problem, Reader, Response, index};

pub async fn list(Reader(caller): Reader, Path(at): Path<ChannelPath>) -> Result<Response, Problem> {
    let pins = index::pins::list_pins(&caller, at).await?;
    Response::json(StatusCode::OK, &pins)
}
