//! GET: the reactions to a message.

use http::StatusCode;
use messaging_core::paths::MessagePath;
use messaging_edge::{Path, Problem, Reader, Response, index};

pub async fn list(Reader(caller): Reader, Path(at): Path<MessagePath>) -> Result<Response, Problem> {
    let reactions = index::reactions::list_reactions(&caller, at).await?;
    Response::json(StatusCode::OK, &reactions)
}
