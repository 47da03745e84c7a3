//! PUT: the caller's own name and picture, in Matrix first.

use http::StatusCode;
use messaging_core::auth::Caller;
use messaging_core::paths::ProfilePath;
use messaging_core::profile::{ChangeProfile, fallback_name, not_yours};
use messaging_edge::acts::{self, Asked, NO_CHANNEL};
use messaging_edge::gateway::Gateway;
use messaging_edge::index::Changes;
use messaging_edge::index::profiles::{prepare_profile_change, record_profile_change};
use messaging_edge::{ActingAgent, IdempotencyKey, Json, Path, Problem, Response, settings};

pub async fn change(
    caller: Caller,
    Path(at): Path<ProfilePath>,
    key: IdempotencyKey,
    Json(change): Json<ChangeProfile>,
) -> Result<Response, Problem> {
    if at.member_id(&caller, &settings::required("matrix_server_name").await?)? != *caller.id() {
        return Err(not_yours());
    }
    change_own(&caller, key, change, true).await
}

pub async fn change_agents(
    ActingAgent(agent): ActingAgent,
    key: IdempotencyKey,
    Json(change): Json<ChangeProfile>,
) -> Result<Response, Problem> {
    change_own(&agent, key, change, false).await
}

async fn change_own(
    caller: &Caller,
    key: IdempotencyKey,
    change: ChangeProfile,
    is_own: bool,
) -> Result<Response, Problem> {
    let wanted = change.check()?;
    let body = serde_json::to_string(&wanted).map_err(Problem::internal)?;
    let asked = Asked { act: "PUT profile", channel_id: NO_CHANNEL, resource: "", body: &body };
    acts::once(caller, key, asked, carry_out(caller, &wanted, is_own)).await
}

async fn carry_out(caller: &Caller, wanted: &Changes, is_own: bool) -> Result<Response, Problem> {
    let prepared = prepare_profile_change(caller, wanted, is_own).await?;
    if prepared.changes.is_empty() {
        return Response::json(StatusCode::OK, &prepared.profile);
    }
    let gateway = Gateway::from_settings().await?;
    let mut done = Changes::new();
    let mut failed = None;
    for (column, value) in prepared.changes {
        let text = value.as_str();
        let told = match column.as_str() {
            "display_name" => gateway.set_display_name(caller.id(), text.unwrap_or(fallback_name(caller.id()))).await,
            _ => gateway.set_avatar(caller.id(), text.unwrap_or_default()).await,
        };
        match told {
            Ok(()) => done.insert(column, value),
            Err(problem) => {
                failed = Some(problem);
                break;
            }
        };
    }

    // What the homeserver has, the index has too, also when the rest has failed.
    let profile = record_profile_change(caller, wanted, &done, failed.is_none()).await?;
    failed.map_or_else(|| Ok(Response::document(StatusCode::OK, profile)), Err)
}
