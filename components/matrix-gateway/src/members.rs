//! GET `/internal/matrix/rooms/{room_id}/members`: who is in a room, read as the bot, which is in every room. An optional
//! part of the contract.

use crate::error::GatewayError;
use crate::homeserver::{Acting, Homeserver, v3};
use crate::params::RoomPath;
use http::StatusCode;
use messaging_core::gateway::{RoomMember, RoomMembers};
use messaging_edge::{Path, Response};
use serde::Deserialize;
use serde_json::Value;

/// What is needed of the client-server API's "GET /rooms/{roomId}/members".
#[derive(Deserialize)]
struct Members {
    chunk: Vec<Member>,
}

#[derive(Deserialize)]
struct Member {
    state_key: String,
    content: Content,
    // What other servers put there, of whatever type it is.
    #[serde(default)]
    origin_server_ts: Value,
}

#[derive(Deserialize)]
struct Content {
    membership: String,
    #[serde(default)]
    displayname: Value,
    #[serde(default)]
    avatar_url: Value,
}

/// Lists them, without those who have gone.
pub async fn members(hs: Homeserver, Path(path): Path<RoomPath>) -> Result<Response, GatewayError> {
    let target = v3(&["rooms", &path.room_id, "members"]) + "?not_membership=leave";
    let members: Members = hs.get(Acting::Bot, &target).await?;
    let members = members.chunk.into_iter();
    let members = members
        .filter(|member| ["join", "invite", "ban"].contains(&member.content.membership.as_str()))
        .map(|member| RoomMember {
            user_id: member.state_key,
            membership: member.content.membership,
            display_name: member.content.displayname.as_str().map(str::to_owned),
            avatar_url: member.content.avatar_url.as_str().map(str::to_owned),
            changed_at_ms: member.origin_server_ts.as_i64(),
        })
        .collect();
    Ok(Response::json(StatusCode::OK, &RoomMembers { members })?)
}
