//! PUT and DELETE: the caller follows a thread, or does so no more. Neither is told to Matrix, which has no such thing.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::MessagePath;
use messaging_edge::acts::{self, Asked};
use messaging_edge::{IdempotencyKey, Path, Problem, Response, index};

pub async fn follow(caller: Caller, Path(at): Path<MessagePath>, key: IdempotencyKey) -> Result<Response, Problem> {
    set("PUT following", true, &caller, at, key).await
}

pub async fn unfollow(caller: Caller, Path(at): Path<MessagePath>, key: IdempotencyKey) -> Result<Response, Problem> {
    set("DELETE following", false, &caller, at, key).await
}

async fn set(
    act: &'static str,
    is_following: bool,
    caller: &Caller,
    at: MessagePath,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let message_id = at.message_id.to_string();
    let asked = Asked { act, channel_id: at.channel_id, resource: &message_id, body: "" };
    let change = async {
        index::threads::set_following(caller, at, is_following).await?;
        Ok(Response::empty(StatusCode::NO_CONTENT))
    };
    acts::once(caller, key, asked, change).await
}
