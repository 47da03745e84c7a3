//! GET: the reactions to a message.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::MessagePath;
use messaging_edge::{Path, Problem, Response, index};

pub async fn list(caller: Caller, Path(at): Path<MessagePath>) -> Result<Response, Problem> {
    let reactions = index::reactions::list_reactions(&caller, at).await?;
    Response::json(StatusCode::OK, &reactions)
}
