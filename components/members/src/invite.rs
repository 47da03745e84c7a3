//! POST: invites somebody. Inviting a member as what they are changes nothing.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::member::InviteMember;
use messaging_core::paths::ChannelPath;
use messaging_edge::acts::LevelIs;
use messaging_edge::{IdempotencyKey, Json, Path, Problem, Response, acts};

pub async fn invite(
    caller: Caller,
    Path(at): Path<ChannelPath>,
    key: IdempotencyKey,
    Json(invitation): Json<InviteMember>,
) -> Result<Response, Problem> {
    let client_key = key.of(&caller);
    let invited = acts::invite(&caller, at.channel_id, invitation, client_key.as_ref(), LevelIs::ToBeGiven).await?;
    let status = if invited.was_member { StatusCode::OK } else { StatusCode::CREATED };
    Response::json(status, &invited.member)
}
