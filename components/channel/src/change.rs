//! PATCH: name, description, topic, avatar and visibility, in the room first, and the end of an archive before all.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::channel::{ChangeChannel, Visibility};
use messaging_core::gateway::{RoomChange, paths};
use messaging_core::ids::ChannelId;
use messaging_core::paths::ChannelPath;
use messaging_edge::acts::{self, Asked, ClosedRoom};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Changes;
use messaging_edge::index::channels::{prepare_channel_change, prepare_reopening, record_channel_change};
use messaging_edge::index::members::list_recent_joins;
use messaging_edge::index::requests::Intent;
use messaging_edge::{IdempotencyKey, Json, Path, Problem, RequestId, Response, log};
use serde_json::Value;

pub async fn change(
    caller: Caller,
    Path(at): Path<ChannelPath>,
    RequestId(request_id): RequestId,
    key: IdempotencyKey,
    Json(change): Json<ChangeChannel>,
) -> Result<Response, Problem> {
    let changes = change.check()?;
    let opens = change.archived == Some(false);
    let mut body = serde_json::to_string(&changes).map_err(Problem::internal)?;
    if opens {
        body.push_str(" archived: false");
    }
    let asked = Asked { act: "PATCH channel", channel_id: at.channel_id, resource: "", body: &body };
    let carried_out = async {
        if opens {
            let prepared = prepare_reopening(&caller, at.channel_id).await?;
            if prepared.is_archived {
                let channel = acts::reopen(&caller, at.channel_id, &prepared.room_id, &request_id).await?;
                if changes.is_empty() {
                    return Ok(Response::document(StatusCode::OK, channel));
                }
            }
        }
        carry_out(&caller, at, &request_id, &changes).await
    };
    acts::once(&caller, key, asked, carried_out).await
}

async fn carry_out(caller: &Caller, at: ChannelPath, request_id: &str, changes: &Changes) -> Result<Response, Problem> {
    let prepared = prepare_channel_change(caller, at.channel_id, changes).await?;
    let gateway = Gateway::from_settings().await?;
    let mut done = Changes::new();
    let mut failed = None;
    let mut has_alias = false;
    for (column, value) in prepared.changes {
        let changed = if column == "visibility" {
            let alias_name = prepared.alias_name.clone();
            let changed = gateway.set_visibility(&prepared.room_id, caller.id(), value == "public", alias_name).await;
            changed.map(|has| has_alias = has)
        } else if let Some((path, change)) = in_room(&column, &value) {
            let changed = gateway.change_room(path, &prepared.room_id, caller.id(), change).await;
            changed.or_else(|problem| only_in_index(request_id, problem))
        } else {
            Ok(())
        };
        match changed {
            Ok(()) => done.insert(column, value),
            Err(problem) => {
                failed = Some((column, problem));
                break;
            }
        };
    }

    // What the room has, the index has too, also when the rest has failed.
    let failed_column = failed.as_ref().map(|(column, _)| column.as_str());
    let changed = record_channel_change(caller, at.channel_id, &done, has_alias, failed_column).await?;
    // Somebody has closed the room in Matrix meanwhile: what leads strangers to it may have come after that.
    let has_too_much = match done.get("visibility").and_then(Value::as_str) {
        Some("public") => changed.visibility != Visibility::Public,
        Some("microdao") => changed.visibility == Visibility::Private,
        _ => false,
    };
    if has_too_much {
        let closed =
            ClosedRoom { channel_id: at.channel_id, room_id: &prepared.room_id, visibility: changed.visibility };
        if let Err(problem) = acts::hide_closed(&gateway, caller.id(), closed, request_id).await {
            log::error(request_id, &format!("the closed room {} may still be listed: {problem}", prepared.room_id));
        }
    }
    if done.contains_key("visibility")
        && changed.visibility != Visibility::Public
        && let Err(problem) = keep_recent_members(at.channel_id, &prepared.room_id, &gateway).await
    {
        log::error(request_id, &format!("a member may have fallen out of the room: {problem}"));
    }
    match failed {
        Some((_, problem)) => {
            let target_id = prepared.intent.as_deref().unwrap_or_default();
            let intent = Intent { channel_id: at.channel_id, act: "update", target_id };
            acts::intended(caller, intent, async { Err(problem) }).await
        }
        None => Ok(Response::document(StatusCode::OK, changed.document)),
    }
}

/// Of a join and a change of the room's join rule at the same time the homeserver may take the join back, and tells
/// nobody (Matrix specification, "Room version 12", state resolution). Whom the index has taken in stays in.
async fn keep_recent_members(channel_id: ChannelId, room_id: &str, gateway: &Gateway) -> Result<(), Problem> {
    let mut failed = None;
    for matrix_id in list_recent_joins(channel_id).await? {
        // One who cannot be joined, because Element has banned them since, does not keep out the others; a homeserver
        // that is away does.
        match gateway.join(room_id, &matrix_id).await {
            Err(problem) if problem.status.is_server_error() => return Err(problem),
            joined => failed = joined.err().or(failed),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// What a channel is about and its picture are worth having in the index alone, where the gateway cannot tell the room.
fn only_in_index(request_id: &str, problem: Problem) -> Result<(), Problem> {
    if !problem.is_gateway_lacks() {
        return Err(problem);
    }
    log::info(request_id, &format!("only the index has the change: {problem}"));
    Ok(())
}

/// The change of the room that goes with a column. The description is the index's own: Matrix has no place for it.
fn in_room(column: &str, value: &Value) -> Option<(&'static str, RoomChange)> {
    let text = Some(value.as_str().unwrap_or("").to_owned());
    let change = RoomChange::default();
    match column {
        "name" => Some((paths::NAME, RoomChange { name: text, ..change })),
        "topic" => Some((paths::TOPIC, RoomChange { topic: text, ..change })),
        "avatar_url" => Some((paths::AVATAR, RoomChange { avatar_url: text, ..change })),
        _ => None,
    }
}
