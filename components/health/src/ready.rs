//! Each part by itself, so that an operator sees which one is missing. Why it is missing is in the log.
//!
//! Anybody may ask, as often as they like, so an answer counts for a second, and who asks while an instance looks waits
//! for what it finds.

use futures_util::future::join;
use http::StatusCode;
use messaging_core::health::{AuthMode, PartState, Parts, Readiness, Ready};
use messaging_edge::deadline::within;
use messaging_edge::gateway::Gateway;
use messaging_edge::{Problem, RequestId, Response, index, log, settings};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer counts.
const FRESH: Duration = Duration::from_secs(1);
/// A look that takes longer is no reason to wait.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);
/// How long a part may take: a little more than the gateway gives its homeserver. The parts are asked at the same time, so
/// that a probe has its answer within 5 seconds whatever hangs.
const LIMIT: Duration = Duration::from_secs(4);

static LAST: Mutex<Last> = Mutex::new(Last { answer: None, looking_since: None });
static HAS_WARNED: AtomicBool = AtomicBool::new(false);

/// What this instance has found.
struct Last {
    answer: Option<(Instant, Readiness)>,
    looking_since: Option<Instant>,
}

pub async fn ready(RequestId(request_id): RequestId) -> Result<Response, Problem> {
    let began = Instant::now();
    loop {
        match turn(began) {
            Turn::Answer(readiness) => return respond(&readiness),
            Turn::Wait => spin_sdk::time::sleep(PAUSE).await,
            Turn::Look => break,
        }
    }
    let readiness = look(&request_id).await;
    *last() = Last { answer: Some((Instant::now(), readiness.clone())), looking_since: None };
    respond(&readiness)
}

/// What a request does next.
enum Turn {
    Answer(Readiness),
    Wait,
    Look,
}

fn turn(began: Instant) -> Turn {
    let (now, mut last) = (Instant::now(), last());
    if let Some((_, readiness)) = last.answer.as_ref().filter(|(at, _)| now.duration_since(*at) < FRESH) {
        return Turn::Answer(readiness.clone());
    }
    let others_look = last.looking_since.is_some_and(|since| now.duration_since(since) < PATIENCE);
    if others_look && now.duration_since(began) < PATIENCE {
        return Turn::Wait;
    }
    last.looking_since = Some(now);
    Turn::Look
}

fn last() -> MutexGuard<'static, Last> {
    LAST.lock().unwrap_or_else(PoisonError::into_inner)
}

fn respond(readiness: &Readiness) -> Result<Response, Problem> {
    let is_ready = readiness.status == Ready::Ready;
    Response::json(if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, readiness)
}

async fn look(request_id: &str) -> Readiness {
    let ((matrix_gateway, homeserver), postgresql) = join(matrix(), postgresql()).await;
    let state = |part: Result<(), Problem>| match part {
        Ok(()) => PartState::Ok,
        Err(problem) if problem.is_gateway_lacks() => PartState::Unknown,
        Err(problem) => {
            log::error(request_id, &format!("not ready: {problem}"));
            PartState::Failed
        }
    };
    let parts =
        Parts { postgresql: state(postgresql), matrix_gateway: state(matrix_gateway), homeserver: state(homeserver) };
    let all = [parts.postgresql, parts.matrix_gateway, parts.homeserver];
    let all_well = all.iter().all(|part| *part != PartState::Failed);
    let status = if all_well { Ready::Ready } else { Ready::NotReady };
    Readiness { status, parts, auth_mode: auth_mode(request_id).await }
}

/// A component has no start at which it could say so in the log: each instance does when it is first asked.
async fn auth_mode(request_id: &str) -> AuthMode {
    match settings::optional("auth_mode").await.ok().flatten().as_deref() {
        Some("development") => {
            if !HAS_WARNED.swap(true, Ordering::Relaxed) {
                log::info(
                    request_id,
                    "auth_mode is development: anyone may call themselves anyone. Never let others reach this service.",
                );
            }
            AuthMode::Development
        }
        _ => AuthMode::Token,
    }
}

/// The gateway and the homeserver behind it.
async fn matrix() -> (Result<(), Problem>, Result<(), Problem>) {
    let gateway = match Gateway::from_settings().await {
        Ok(gateway) => gateway,
        Err(problem) => return (Err(problem.clone()), Err(problem)),
    };
    match within(LIMIT, gateway.health()).await {
        Some(Ok(homeserver)) => (Ok(()), homeserver),
        Some(Err(problem)) => (Err(problem.clone()), Err(problem)),
        None => {
            let problem = Problem::homeserver_timeout("the gateway did not respond in time");
            (Err(problem.clone()), Err(problem))
        }
    }
}

async fn postgresql() -> Result<(), Problem> {
    let slow = || Err(Problem::unavailable("the database did not respond in time"));
    within(LIMIT, index::ping()).await.unwrap_or_else(slow)
}
