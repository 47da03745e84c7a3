//! Each part by itself, so that an operator sees which one is missing. Why it is missing is in the log.

use http::StatusCode;
use messaging_core::health::{PartState, Parts, Readiness, Ready};
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, RequestId, Response, index, log};

pub async fn ready(RequestId(request_id): RequestId) -> Result<Response, Problem> {
    let (matrix_gateway, homeserver) = matrix().await;
    let state = |part: Result<(), Problem>| match part {
        Ok(()) => PartState::Ok,
        Err(problem) if problem.is_gateway_lacks() => PartState::Unknown,
        Err(problem) => {
            log::error(&request_id, &format!("not ready: {problem}"));
            PartState::Failed
        }
    };
    let parts = Parts {
        postgresql: state(index::ping().await),
        matrix_gateway: state(matrix_gateway),
        homeserver: state(homeserver),
    };
    let all = [parts.postgresql, parts.matrix_gateway, parts.homeserver];
    let all_well = all.iter().all(|part| *part != PartState::Failed);
    let (status, ready) =
        if all_well { (StatusCode::OK, Ready::Ready) } else { (StatusCode::SERVICE_UNAVAILABLE, Ready::NotReady) };
    Response::json(status, &Readiness { status: ready, parts })
}

/// The gateway and the homeserver behind it.
async fn matrix() -> (Result<(), Problem>, Result<(), Problem>) {
    let gateway = match Gateway::from_settings().await {
        Ok(gateway) => gateway,
        Err(problem) => return (Err(problem.clone()), Err(problem)),
    };
    match gateway.health().await {
        Ok(homeserver) => (Ok(()), homeserver),
        Err(problem) => (Err(problem.clone()), Err(problem)),
    }
}
