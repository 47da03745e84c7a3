//! POST `/internal/messaging/content/delete`: has the homeserver delete what nothing shows any more. ws-relay asks for it.

use http::StatusCode;
use messaging_core::auth::Internal;
use messaging_core::file::DeletedContent;
use messaging_edge::gateway::Gateway;
use messaging_edge::index::content::{DueContent, claim_content, end_content};
use messaging_edge::{Problem, Response, log};
use std::time::{Duration, Instant};

/// How many one request takes, and no further one is begun beyond this time.
const BATCH: i32 = 20;
const PATIENCE: Duration = Duration::from_secs(10);
/// When those that are taken are given back the first time, in seconds: well after the last call of a request has ended.
const LEASE: i32 = 30;

pub async fn delete(_: Internal) -> Result<Response, Problem> {
    let gateway = Gateway::from_settings().await?;
    let began = Instant::now();
    let due = claim_content(BATCH, LEASE).await?;
    let (mut ended, mut outcome) = (Vec::new(), DeletedContent::default());
    outcome.has_more = due.taken >= i64::from(BATCH);
    for content in due.content {
        if began.elapsed() > PATIENCE {
            break;
        }
        match delete_one(&gateway, &content).await {
            Ok(true) => outcome.deleted += 1,
            Ok(false) => outcome.kept += 1,
            // The homeserver is slow or away: they come again.
            Err(problem) => {
                log::info("", &format!("content to delete waits for the homeserver: {problem}"));
                outcome.has_more = false;
                break;
            }
        }
        ended.push(content);
    }
    end_content(&ended).await?;
    Response::json(StatusCode::OK, &outcome)
}

/// Whether it is deleted; `false`: it never will be.
async fn delete_one(gateway: &Gateway, content: &DueContent) -> Result<bool, Problem> {
    let place = content.content_uri.strip_prefix("mxc://").and_then(|place| place.split_once('/'));
    let Some((server_name, media_id)) = place.filter(|(server_name, _)| *server_name == gateway.server_name()) else {
        return Ok(false);
    };
    match gateway.delete_content(server_name, media_id, content.uploader_matrix_id.as_deref()).await {
        Ok(()) => Ok(true),
        Err(problem) if problem.is_outage_of_matrix() => Err(problem),
        Err(problem) if problem.is_gateway_lacks() => Ok(false),
        Err(problem) => {
            log::info("", &format!("{} cannot be deleted: {problem}", content.content_uri));
            Ok(false)
        }
    }
}
